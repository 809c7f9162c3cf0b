// Tells the server, once, that a person reads: the first trusted input on the visible page, three seconds or
// more after the claim. `scroll` is not among the inputs: scripts and scroll restoration fire it as trusted.

const INPUTS = ["pointermove", "pointerdown", "wheel", "touchmove", "keydown"];
const PAUSES = [1000, 3000, 10000, 30000];

class ReadingConfirm extends HTMLElement {
  connectedCallback() {
    this.since = performance.now() + Number(this.dataset.afterMs);
    this.seen = (event) => this.consider(event);
    this.listen();
  }

  disconnectedCallback() {
    this.rest();
  }

  listen() {
    for (const name of INPUTS) addEventListener(name, this.seen, { passive: true, capture: true });
  }

  rest() {
    for (const name of INPUTS) removeEventListener(name, this.seen, { capture: true });
  }

  consider(event) {
    if (!event.isTrusted || document.visibilityState !== "visible" || performance.now() < this.since) return;
    this.rest();
    this.report(0);
  }

  async report(attempt) {
    const answer = await this.send();
    if (answer === "done") return;
    if (answer === "too soon") {
      // The server's clock decides: listen for another input a little later.
      this.since = performance.now() + 1000;
      this.listen();
      return;
    }
    if (attempt < PAUSES.length) setTimeout(() => this.report(attempt + 1), PAUSES[attempt]);
    else this.listen();
  }

  async send() {
    try {
      const response = await fetch(this.dataset.url, {
        method: "POST",
        body: new URLSearchParams({ nonce: this.dataset.nonce }),
        headers: { Accept: "application/json" },
        credentials: "same-origin",
        keepalive: true,
      });
      if (response.status === 425) return "too soon";
      return response.status >= 500 ? "failed" : "done";
    } catch {
      return "failed"; // The network is away: the reading happened all the same.
    }
  }
}

customElements.define("reading-confirm", ReadingConfirm);
