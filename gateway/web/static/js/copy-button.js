// Copies the address in the field beside it, and says so to everybody, screen readers included.

class CopyButton extends HTMLElement {
  connectedCallback() {
    this.field = this.querySelector("input");
    this.button = this.querySelector("button");
    this.live = this.querySelector("[role=status]");
    this.button.hidden = false;
    this.button.addEventListener("click", () => this.copy());
    this.field.addEventListener("focus", () => this.field.select());
  }

  async copy() {
    const done = (await this.byClipboard()) || this.bySelection();
    this.toggleAttribute("copied", done);
    this.live.textContent = done ? this.dataset.done : this.dataset.failed;
    clearTimeout(this.timer);
    if (done) this.timer = setTimeout(() => this.forget(), 4000);
  }

  async byClipboard() {
    try {
      await navigator.clipboard.writeText(this.field.value);
      return true;
    } catch {
      return false; // Not a secure context, or the permission was refused.
    }
  }

  bySelection() {
    this.field.focus();
    this.field.select();
    try {
      return document.execCommand("copy");
    } catch {
      return false;
    }
  }

  forget() {
    this.live.textContent = "";
    this.removeAttribute("copied");
  }
}

customElements.define("copy-button", CopyButton);
