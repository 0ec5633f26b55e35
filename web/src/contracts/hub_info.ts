// GET /api/hub: which hub this is and how fresh its catalogue is.
import { fields, number, numberOrNull, oneOf, text, textOrNull } from "./decode.ts";

const catalogStates = ["fresh", "stale", "offline", "unavailable", "empty"] as const;
export type CatalogState = (typeof catalogStates)[number];

export interface HubInfo {
  readonly name: string;
  readonly version: string;
  readonly registry_url: string;
  readonly catalog: {
    readonly state: CatalogState;
    readonly commit: string;
    readonly age_s: number | null;
    readonly error: string | null;
    readonly quarantined: number;
  };
}

export const readCatalogState = (value: unknown): CatalogState =>
  oneOf(catalogStates, value) ?? "unavailable";

export function readHubInfo(value: unknown): HubInfo {
  const from = fields(value);
  const catalog = fields(from.catalog);
  return {
    name: text(from.name) || "AdaOS",
    version: text(from.version),
    registry_url: text(from.registry_url),
    catalog: {
      state: readCatalogState(catalog.state),
      commit: text(catalog.commit),
      age_s: numberOrNull(catalog.age_s),
      error: textOrNull(catalog.error),
      quarantined: number(catalog.quarantined),
    },
  };
}
