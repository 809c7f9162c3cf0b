// Offers the device's own share sheet, and only where there is one.

class DeviceShare extends HTMLElement {
  connectedCallback() {
    if (!navigator.share) return;
    this.closest("[hidden]")?.removeAttribute("hidden");
    this.querySelector("button").addEventListener("click", () => this.share());
  }

  async share() {
    const { url, title, text } = this.dataset;
    try {
      await navigator.share({ url, title, text });
    } catch {
      // The person closed the sheet, which is no fault.
    }
  }
}

customElements.define("device-share", DeviceShare);
