/* On a narrow screen the main navigation is one row that is pushed aside: show where we are. */
export class Nav {
  static moduleName = "nav";

  constructor(root) {
    root.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  }
}
