// Artifacts: skills and scenarios, and what of them this hub has installed
// (GET /api/skills/list, GET /api/scenarios/list).
import { fields, flag, items, text, textOrNull, texts, type Fields } from "./decode.ts";

export const artifactKinds = ["skill", "scenario"] as const;
export type ArtifactKind = (typeof artifactKinds)[number];

/** The lock key of an artifact, as operations name it in `resources`. */
export const resourceOf = (kind: string, name: string): string => `${kind}:${name}`;

export interface InstalledArtifact {
  readonly kind: ArtifactKind;
  readonly name: string;
  readonly title: string;
  readonly title_i18n: Fields;
  readonly version: string;
  readonly remote_version: string | null;
  readonly update_available: boolean;
  readonly requires_skills: readonly string[];
  readonly used_by_scenarios: readonly string[];
  readonly uninstall_disabled: boolean;
  readonly slot: string | null; // "A" or "B"
  readonly previous_version: string | null; // what a rollback goes back to
  readonly pin: string | null; // the version it is kept at
}

export function readInstalled(
  kind: ArtifactKind,
): (value: unknown) => InstalledArtifact | undefined {
  return (value) => {
    const from = fields(value);
    const name = textOrNull(from.name);
    if (!name) return undefined;
    return {
      kind,
      name,
      title: text(from.title) || name,
      title_i18n: fields(from.title_i18n),
      version: text(from.active_version) || text(from.version),
      remote_version: textOrNull(from.remote_version),
      update_available: flag(from.update_available),
      requires_skills: texts(from.requires_skills),
      used_by_scenarios: texts(from.used_by_scenarios),
      uninstall_disabled: flag(from.uninstall_disabled),
      slot: textOrNull(from.slot),
      previous_version: textOrNull(from.previous_version),
      pin: textOrNull(from.pin),
    };
  };
}

export const readInstalledList =
  (kind: ArtifactKind) =>
  (value: unknown): readonly InstalledArtifact[] =>
    items(fields(value).items, readInstalled(kind));
