import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Session, tokenInFragment } from "./hub/session.ts";
import { App } from "./ui/app.tsx";
import { applyPreferences } from "./ui/preferences.ts";
import "./ui/base.css";
import "./ui/buttons.css";
import "./ui/page.css";
import "./ui/operations.css";
import "./ui/installed.css";
import "./ui/dialogs.css";
import "./ui/marketplace.css";
import "./ui/toasts.css";
import "./ui/sign_in.css";
import "./ui/narrow.css";

applyPreferences(document.documentElement);

/** Takes the token out of the address bar, where others could read it. */
function takeToken(): string | null {
  const given = tokenInFragment(new URL(location.href));
  if (given) history.replaceState(null, "", given.rest);
  return given?.token ?? null;
}

const session = new Session(new URL(location.href));
void session.start(takeToken());
// The address with the token, opened in a tab that shows the page already, does not load it again.
addEventListener("hashchange", () => {
  const token = takeToken();
  if (token !== null) void session.start(token);
});

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App session={session} />
    </StrictMode>,
  );
}
