import { resourceOf } from "../contracts/artifact.ts";
import type { MarketplaceRow } from "../contracts/marketplace_row.ts";
import { useHub, useReadable } from "../hub/use_hub.ts";
import type { Translator } from "../i18n/translator.ts";
import { useTranslator } from "../i18n/use_translator.ts";
import { HeldButton } from "../operations/held.tsx";
import type { Titles } from "../operations/labels.ts";
import { Icon } from "../ui/icon.tsx";
import { rowControl, type RowControl } from "./row_model.ts";

function blockedText(
  control: Extract<RowControl, { state: "blocked" }>,
  tr: Translator,
  titles: Titles,
): string {
  const names = tr.list(control.missing.map((name) => titles("skill", name) ?? name));
  return (
    tr.maybe(`disabled.${control.reason}`, { names }) ??
    tr.t("disabled.other", { reason: control.reason })
  );
}

function holdOf(control: RowControl) {
  if (control.state === "starting") return "starting";
  return control.state === "working" ? control : null;
}

interface InstallControlProps {
  readonly row: MarketplaceRow;
  readonly title: string;
  readonly known: ReadonlySet<string>;
  readonly titles: Titles;
}

export function InstallControl({ row, title, known, titles }: InstallControlProps) {
  const tr = useTranslator();
  const hub = useHub();
  const { operations } = useReadable(hub.projection);
  const commands = useReadable(hub.commands);
  const control = rowControl(row, { operations, pending: new Set(commands.keys()), known });

  if (control.state === "blocked") {
    return <p className="muted small blocked">{blockedText(control, tr, titles)}</p>;
  }
  if (control.state === "installed") {
    return (
      <p className="installed tone-text-good">
        <Icon name="check" /> {tr.t("marketplace.installed")}
      </p>
    );
  }
  const action = control.state === "ready" ? control.action : "install";
  const install = () =>
    void hub.commands.run({ name: "install", key: resourceOf(row.kind, row.name), title }, () =>
      hub.api.install(row.install_action.target_kind, row.install_action.target_id),
    );
  return (
    <HeldButton
      hold={holdOf(control)}
      titles={titles}
      label={tr.t(`marketplace.${action}.of`, { title })}
      onPress={install}
    >
      {tr.t(`marketplace.${action}`)}
    </HeldButton>
  );
}
