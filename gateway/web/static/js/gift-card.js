// Takes the gift up by itself, once, as soon as a person can see the page; the button does the same.

class GiftCard extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.button = this.querySelector("button");
    this.live = this.querySelector("[role=status]");
    this.form.addEventListener("submit", (event) => this.submit(event));
    this.button.addEventListener("click", (event) => event.isTrusted && this.press());
    addEventListener("pageshow", (event) => event.persisted && this.reset());
    const seconds = Number(this.dataset.waitSeconds);
    if (seconds > 0) this.waitFor(seconds);
    if (this.dataset.auto === "yes") this.whenVisible(() => this.form.requestSubmit());
  }

  whenVisible(act) {
    if (document.visibilityState === "visible") return act();
    const look = () => {
      if (document.visibilityState !== "visible") return;
      document.removeEventListener("visibilitychange", look);
      act();
    };
    document.addEventListener("visibilitychange", look);
  }

  // Says that a person pressed. The server believes it only after a wait that it measures itself.
  press() {
    this.form.elements.pressed.value = "1";
  }

  // The server measures the wait; this only spares the reader a refusal.
  waitFor(seconds) {
    this.button.disabled = true;
    setTimeout(() => (this.button.disabled = false), seconds * 1000);
  }

  // Two presses are one claim: before the first answer the browser has no cookie that would make them the same device.
  submit(event) {
    if (this.sent) return event.preventDefault();
    this.sent = true;
    this.live.textContent = this.dataset.opening;
    this.setAttribute("opening", "");
  }

  // Coming back by the browser's history shows the card as it was, and does not take the gift up again.
  reset() {
    this.sent = false;
    this.live.textContent = "";
    this.removeAttribute("opening");
  }
}

customElements.define("gift-card", GiftCard);
