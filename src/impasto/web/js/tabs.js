/** The pages of the page: arrow keys go through the tabs. */

import { byId } from "./dom.js";

const tabs = () => [...document.querySelectorAll('[role="tab"]')];

/** Show the tabs; without a server there is only one page. */
export function startTabs() {
  document.querySelector(".tabs").hidden = false;
  for (const tab of tabs()) {
    tab.onclick = () => openTab(tab.id);
    tab.onkeydown = ({ key }) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
      if (!step) return;
      const all = tabs();
      const next = all[(all.indexOf(tab) + step + all.length) % all.length];
      openTab(next.id);
      next.focus();
    };
  }
  openTab("tab-photo");
}

/** Open the page of a tab. */
export function openTab(id) {
  for (const tab of tabs()) {
    const isOpen = tab.id === id;
    tab.setAttribute("aria-selected", String(isOpen));
    tab.tabIndex = isOpen ? 0 : -1;
    byId(tab.getAttribute("aria-controls")).hidden = !isOpen;
  }
}
