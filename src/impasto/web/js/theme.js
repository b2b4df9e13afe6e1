/** Light, dark, or as the system has it. */

import { byId, memory } from "./dom.js";
import { onLanguage, t } from "./i18n.js";
import { tell } from "./status.js";

const ORDER = ["system", "light", "dark"];

/** Let the button go through the themes. */
export function startTheme() {
  const button = byId("theme");
  button.onclick = () => {
    const next = ORDER[(ORDER.indexOf(theme()) + 1) % ORDER.length];
    memory.set("theme", next === "system" ? null : next);
    if (next === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
    name();
    tell(t(`theme.${next}`));
  };
  onLanguage(name);
  name();
}

const theme = () => document.documentElement.dataset.theme ?? "system";

function name() {
  byId("theme").title = t(`theme.${theme()}`);
}
