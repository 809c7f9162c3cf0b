// Opens the share page in a dialog. The server renders it when asked for, and only then; every number in it is
// the server's. Whatever goes wrong, the link still leads to the same page.

const PART = "dialog";

class ShareButton extends HTMLElement {
  connectedCallback() {
    this.link = this.querySelector("a");
    this.link.setAttribute("aria-haspopup", "dialog");
    this.link.addEventListener("click", (event) => this.open(event));
  }

  open(event) {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    if (!("showModal" in HTMLDialogElement.prototype)) return;
    event.preventDefault();
    this.dialog ??= this.build();
    this.show(this.words("wait"));
    this.dialog.showModal();
    const address = new URL(this.link.href);
    address.searchParams.set("part", PART);
    this.load(address);
  }

  build() {
    const dialog = document.createElement("dialog");
    dialog.className = "share-dialog";
    dialog.lang = document.documentElement.lang;
    const close = document.createElement("button");
    close.type = "button";
    close.className = "close";
    close.setAttribute("aria-label", this.dataset.close);
    close.addEventListener("click", () => dialog.close());
    this.body = document.createElement("div");
    this.body.className = "share-dialog-body";
    dialog.append(close, this.body);
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    dialog.addEventListener("close", () => this.body.replaceChildren());
    dialog.addEventListener("submit", (event) => this.submit(event));
    document.body.append(dialog);
    return dialog;
  }

  submit(event) {
    event.preventDefault();
    const form = event.target;
    const body = new URLSearchParams(new FormData(form, event.submitter));
    body.set("part", PART);
    event.submitter?.setAttribute("disabled", "");
    this.load(form.action, { method: "POST", body }, event.submitter);
  }

  async load(address, request = {}, submitter = null) {
    this.body.setAttribute("aria-busy", "true");
    try {
      const response = await fetch(address, { credentials: "same-origin", ...request });
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const part = page.querySelector(`[data-part=${PART}]`);
      // Without the part the server wants something else first, such as a sign-in: go there as a page.
      if (!part) return location.assign(this.link.href);
      this.show(part);
    } catch {
      submitter?.removeAttribute("disabled");
      this.fail();
    } finally {
      this.body.removeAttribute("aria-busy");
    }
  }

  show(part) {
    this.body.replaceChildren(part);
    const heading = this.body.querySelector("h1[id]");
    if (heading) this.dialog.setAttribute("aria-labelledby", heading.id);
    else this.dialog.setAttribute("aria-label", this.link.textContent.trim());
  }

  words(key) {
    const line = document.createElement("p");
    line.setAttribute("role", "status");
    line.className = key === "wait" ? "quiet loading" : "said bad";
    line.textContent = this.dataset[key];
    return line;
  }

  // What was typed stays in its form; the message stands before it.
  fail() {
    const line = this.words("failed");
    const page = document.createElement("a");
    page.href = this.link.href;
    page.textContent = this.dataset.open;
    line.append(" ", page);
    this.body.querySelector(".loading, .said.bad")?.remove();
    this.body.prepend(line);
  }
}

customElements.define("share-button", ShareButton);
