import { useHub, useReadable } from "../hub/use_hub.ts";
import type { Connection } from "../hub/connection.ts";
import type { HubInfo } from "../contracts/hub_info.ts";
import { languageNames, languages } from "../i18n/language.ts";
import type { Translator } from "../i18n/translator.ts";
import { useTranslator } from "../i18n/use_translator.ts";
import { Button } from "./button.tsx";
import { Choice } from "./choice.tsx";
import { Icon, Mark } from "./icon.tsx";
import * as preferences from "./preferences.ts";
import { useNow } from "./use_now.ts";

function connectionText({ phase, lost_at_ms }: Connection, now: number, tr: Translator): string {
  if (phase === "offline" && lost_at_ms !== null) {
    return tr.t("connection.offline.since", { ago: tr.ago(now - lost_at_ms) });
  }
  return tr.t(`connection.${phase}`);
}

function catalogText({ state, age_s }: HubInfo["catalog"], tr: Translator): string {
  const ago = tr.ago((age_s ?? 0) * 1000);
  return `${tr.t("catalog.label")}: ${tr.t(`catalog.${state}`, { ago })}`;
}

const catalogTone = {
  fresh: "good",
  stale: "warn",
  offline: "warn",
  unavailable: "bad",
  empty: "calm",
} as const;
const connectionTone = {
  connecting: "calm",
  live: "good",
  reconnecting: "warn",
  offline: "bad",
} as const;

function Status() {
  const tr = useTranslator();
  const hub = useHub();
  const now = useNow(10_000);
  const connection = useReadable(hub.connection);
  const info = useReadable(hub.info).value;
  return (
    <div className="header-status">
      <span
        className={`pill tone-${connectionTone[connection.phase]}`}
        role="status"
        data-testid="connection"
        data-phase={connection.phase}
      >
        {connectionText(connection, now, tr)}
      </span>
      {info && (
        <span
          className={`pill tone-${catalogTone[info.catalog.state]}`}
          title={
            info.registry_url === ""
              ? undefined
              : tr.t("catalog.registry", { url: info.registry_url })
          }
          data-testid="catalog"
          data-state={info.catalog.state}
        >
          {catalogText(info.catalog, tr)}
        </span>
      )}
    </div>
  );
}

export function Preferences() {
  const tr = useTranslator();
  const theme = useReadable(preferences.theme);
  return (
    <div className="header-preferences">
      <Choice
        label={tr.t("language.label")}
        options={languages.map((id) => ({
          id,
          label: `${id.toUpperCase()}, ${languageNames[id]}`,
          shown: id.toUpperCase(),
        }))}
        chosen={tr.language}
        onChoose={(id) => preferences.language.choose(id)}
      />
      <Choice
        label={tr.t("theme.label")}
        options={preferences.themes.map((id) => ({
          id,
          label: tr.t(`theme.${id}`),
          shown: <Icon name={id} />,
        }))}
        chosen={theme}
        onChoose={(id) => preferences.theme.choose(id)}
      />
    </div>
  );
}

export function Header({ onSignOut }: { readonly onSignOut: () => void }) {
  const tr = useTranslator();
  const info = useReadable(useHub().info).value;
  return (
    <header className="header">
      <div className="header-inner">
        <div className="header-name">
          <Mark />
          <span className="header-hub">{info?.name ?? "AdaOS"}</span>
          {info && <span className="muted header-version">{info.version}</span>}
        </div>
        <Status />
        <Preferences />
        <Button look="quiet" shape="icon" aria-label={tr.t("signout")} onPress={onSignOut}>
          <Icon name="leave" />
        </Button>
      </div>
    </header>
  );
}
