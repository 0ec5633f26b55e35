import { useMemo } from "react";
import { I18nProvider } from "react-aria-components";
import type { Session } from "../hub/session.ts";
import { HubContext, useReadable } from "../hub/use_hub.ts";
import { translatorFor } from "../i18n/translator.ts";
import { TranslatorContext, useTranslator } from "../i18n/use_translator.ts";
import { Mark } from "./icon.tsx";
import { InfraState } from "./infra_state.tsx";
import * as preferences from "./preferences.ts";
import { SignIn } from "./sign_in.tsx";

function Waiting({ reached }: { readonly reached: boolean }) {
  const tr = useTranslator();
  return (
    <main className="sign-in" role="status">
      <Mark />
      <p>{tr.t(reached ? "app.loading" : "app.unreachable")}</p>
      {!reached && <p className="muted">{tr.t("app.unreachable.hint")}</p>}
    </main>
  );
}

function Screen({ session }: { readonly session: Session }) {
  const state = useReadable(session);
  switch (state.phase) {
    case "starting":
      return <Waiting reached />;
    case "unreachable":
      return <Waiting reached={false} />;
    case "signed_out":
      return (
        <SignIn
          key={state.problem?.code}
          problem={state.problem}
          expired={state.expired}
          onSignIn={(token) => session.signIn(token)}
        />
      );
    case "signed_in":
      return (
        <HubContext value={state.hub}>
          <InfraState onSignOut={() => void session.signOut()} />
        </HubContext>
      );
  }
}

export function App({ session }: { readonly session: Session }) {
  const language = useReadable(preferences.language);
  const translator = useMemo(() => translatorFor(language), [language]);
  return (
    <I18nProvider locale={language}>
      <TranslatorContext value={translator}>
        <Screen session={session} />
      </TranslatorContext>
    </I18nProvider>
  );
}
