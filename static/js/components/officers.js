/** F10 goes where the button leads that sends officers: from any page that has one, in any field. */
export class Officers {
  static moduleName = "officers";

  constructor(button) {
    this.button = button;
    document.addEventListener("keydown", (event) => this.key(event));
  }

  key(event) {
    const isPlain = !event.ctrlKey && !event.altKey && !event.metaKey && !event.shiftKey;
    if (event.key === "F10" && isPlain && !event.repeat && this.button.isConnected) {
      event.preventDefault();
      this.button.click();
    }
  }
}
