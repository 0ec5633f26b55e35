// The mirror of src/contracts/marketplace_row.hpp, held to it by the same fixture, and the page of
// rows that GET /api/marketplace answers.
//
// The row's own operation_* and progress fields are as old as the answer; the page takes what runs
// from the projection only (row_model.ts), and does not read them.
import { artifactKinds, type ArtifactKind } from "./artifact.ts";
import {
  fields,
  flag,
  items,
  number,
  numberOrNull,
  oneOf,
  text,
  textOrNull,
  texts,
  type Fields,
} from "./decode.ts";
import { readCatalogState, type CatalogState } from "./hub_info.ts";

export interface RequiredSkill {
  readonly name: string;
  readonly title: string;
  readonly installed: boolean;
  readonly available: boolean; // false: not in the catalogue
}

export interface MarketplaceRow {
  readonly kind: ArtifactKind;
  readonly id: string;
  readonly name: string;
  readonly title: string;
  readonly title_i18n: Fields;
  readonly version: string;
  readonly description: string;
  readonly description_i18n: Fields;
  readonly tags: readonly string[];
  readonly publisher: string;
  readonly installed: boolean;
  readonly installed_version: string | null;
  readonly update_available: boolean;
  readonly size: number | null; // bytes
  readonly verified: boolean;
  readonly requires: readonly RequiredSkill[];
  readonly install_action: {
    readonly id: string;
    readonly target_kind: string;
    readonly target_id: string;
  };
  readonly install_disabled: boolean;
  readonly disabled_reason: string;
}

export interface MarketplacePage {
  readonly catalog: { readonly state: CatalogState; readonly commit: string };
  readonly rows: readonly MarketplaceRow[];
  readonly total: number;
  readonly next_cursor: string | null;
  readonly counts: {
    readonly hidden_installed: number;
    readonly skills: number;
    readonly scenarios: number;
    readonly updates: number;
  };
  readonly empty_reason: string | null;
}

function readRequired(value: unknown): RequiredSkill | undefined {
  const from = fields(value);
  const name = textOrNull(from.name);
  if (!name) return undefined;
  return {
    name,
    title: text(from.title) || name,
    installed: flag(from.installed),
    available: from.available !== false,
  };
}

export function readRow(value: unknown): MarketplaceRow | undefined {
  const from = fields(value);
  const kind = oneOf(artifactKinds, from.kind);
  const name = textOrNull(from.name);
  if (!kind || !name) return undefined;
  const action = fields(from.install_action);
  const target = fields(action.value);
  return {
    kind,
    id: text(from.id) || name,
    name,
    title: text(from.title) || name,
    title_i18n: fields(from.title_i18n),
    version: text(from.version),
    description: text(from.description),
    description_i18n: fields(from.description_i18n),
    tags: texts(from.tags),
    publisher: text(from.publisher),
    installed: flag(from.installed),
    installed_version: textOrNull(from.installed_version),
    update_available: flag(from.update_available),
    size: numberOrNull(from.size),
    verified: flag(from.verified),
    requires: items(from.requires, readRequired),
    install_action: {
      id: text(action.id) || "marketplace_install",
      target_kind: text(target.target_kind) || kind,
      target_id: text(target.target_id) || name,
    },
    install_disabled: flag(from.install_disabled),
    disabled_reason: text(from.disabled_reason),
  };
}

export function readMarketplacePage(value: unknown): MarketplacePage {
  const from = fields(value);
  const catalog = fields(from.catalog);
  const counts = fields(from.counts);
  const rows = items(from.rows, readRow);
  return {
    catalog: { state: readCatalogState(catalog.state), commit: text(catalog.commit) },
    rows,
    total: numberOrNull(from.total) ?? rows.length,
    next_cursor: textOrNull(from.next_cursor),
    counts: {
      hidden_installed: number(counts.hidden_installed),
      skills: number(counts.skills),
      scenarios: number(counts.scenarios),
      updates: number(counts.updates),
    },
    empty_reason: textOrNull(from.empty_reason),
  };
}
