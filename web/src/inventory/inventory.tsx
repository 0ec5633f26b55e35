import { useRef } from "react";
import { resourceOf, type ArtifactKind, type InstalledArtifact } from "../contracts/artifact.ts";
import type { OperationState } from "../contracts/operation_state.ts";
import { useHub, useReadable } from "../hub/use_hub.ts";
import { useTitles } from "../hub/use_titles.ts";
import { localized } from "../i18n/language.ts";
import type { Translator } from "../i18n/translator.ts";
import { useTranslator } from "../i18n/use_translator.ts";
import type { Titles } from "../operations/labels.ts";
import { holderOf } from "../operations/operations.ts";
import { Button } from "../ui/button.tsx";
import { Icon } from "../ui/icon.tsx";
import { problemText } from "../ui/problem_text.ts";
import { useKeptFocus } from "../ui/use_kept_focus.ts";
import { ArtifactActions } from "./artifact_actions.tsx";

interface ArtifactRowProps {
  readonly artifact: InstalledArtifact;
  readonly holder: OperationState | undefined;
  readonly titles: Titles;
}

function linksText(artifact: InstalledArtifact, titles: Titles, tr: Translator): string | null {
  const named = (kind: ArtifactKind, names: readonly string[]) =>
    tr.list(names.map((name) => titles(kind, name) ?? name));
  if (artifact.used_by_scenarios.length > 0) {
    return tr.t(artifact.uninstall_disabled ? "inventory.uninstall.blocked" : "inventory.usedBy", {
      names: named("scenario", artifact.used_by_scenarios),
    });
  }
  if (artifact.requires_skills.length > 0) {
    return tr.t("inventory.needs", { names: named("skill", artifact.requires_skills) });
  }
  return artifact.uninstall_disabled ? tr.t("inventory.uninstall.blockedOther") : null;
}

function ArtifactRow({ artifact, holder, titles }: ArtifactRowProps) {
  const tr = useTranslator();
  const title = localized(artifact.title_i18n, tr.language, artifact.title);
  const links = linksText(artifact, titles, tr);
  return (
    <li
      className="artifact"
      data-testid="installed"
      data-artifact={resourceOf(artifact.kind, artifact.name)}
    >
      <div className="artifact-body">
        <div className="artifact-title">
          <span className="artifact-name">{title}</span>
          <span className="chip">{artifact.version}</span>
          {artifact.pin !== null && (
            <span className="chip tone-accent">{tr.t("inventory.pinned")}</span>
          )}
        </div>
        <div className="muted small">
          <code>{artifact.name}</code>
          {links && <span> · {links}</span>}
        </div>
      </div>
      <ArtifactActions artifact={artifact} title={title} holder={holder} titles={titles} />
    </li>
  );
}

interface InventoryProps {
  readonly kind: ArtifactKind;
  readonly onBrowse: () => void;
}

export function Inventory({ kind, onBrowse }: InventoryProps) {
  const tr = useTranslator();
  const hub = useHub();
  const titles = useTitles();
  const { value: artifacts, problem } = useReadable(hub.installed(kind));
  const { operations } = useReadable(hub.projection);
  const section = kind === "skill" ? "skills" : "scenarios";
  const headingId = `installed-${section}`;
  const container = useRef<HTMLElement>(null);
  useKeptFocus(container);
  return (
    <section
      ref={container}
      tabIndex={-1}
      aria-labelledby={headingId}
      className="section"
      data-testid={headingId}
    >
      <h2 id={headingId}>
        <Icon name={kind} />
        {tr.t(`inventory.${section}`)}
        {artifacts && <span className="count">{artifacts.length}</span>}
      </h2>
      {problem && problem.status !== 0 && (
        <p className="notice tone-bad">{problemText(problem, tr).what}</p>
      )}
      {!artifacts && !problem && <p className="muted">{tr.t("inventory.loading")}</p>}
      {artifacts?.length === 0 && (
        <div className="card empty">
          <p>{tr.t(`inventory.${section}.none`)}</p>
          <Button look="quiet" onPress={onBrowse}>
            {tr.t("inventory.browse")}
          </Button>
        </div>
      )}
      {artifacts && artifacts.length > 0 && (
        <ul className="card rows">
          {artifacts.map((artifact) => (
            <ArtifactRow
              key={artifact.name}
              artifact={artifact}
              holder={holderOf(operations, resourceOf(kind, artifact.name))}
              titles={titles}
            />
          ))}
        </ul>
      )}
    </section>
  );
}
