// One signed-in hub: what it shows and what can be asked of it. Made after sign-in, stopped at
// sign-out. Everything is a store of its own; components take the one they need.
import * as Y from "yjs";
import type { ArtifactKind, InstalledArtifact } from "../contracts/artifact.ts";
import type { HubInfo } from "../contracts/hub_info.ts";
import type { MarketplacePage } from "../contracts/marketplace_row.ts";
import { endedIds, somethingEnded } from "../operations/operations.ts";
import type { Answer, HubApi, MarketplaceQuery } from "./api.ts";
import { Commands, type Refusal } from "./commands.ts";
import { LiveDocument } from "./connection.ts";
import { ProjectionReader } from "./projection.ts";
import { debounced, Resource } from "./resource.ts";
import { Store } from "./store.ts";

/** A page of the marketplace, and the ended operations that were known when it was asked for. */
export interface MarketplaceReading {
  readonly page: MarketplacePage;
  readonly known: ReadonlySet<string>;
}

/** Several ends close to each other are one reason to read the lists again. */
const reread_after_ms = 60;
/** The age of the catalogue, and what other programs changed without an operation. */
const reread_every_ms = 30_000;

export class Hub {
  readonly api: HubApi;
  readonly doc = new Y.Doc();
  readonly projection: ProjectionReader;
  readonly connection: LiveDocument;
  readonly commands: Commands;
  readonly refusals = new Store<readonly Refusal[]>([]); // since the start, oldest first
  readonly info: Resource<HubInfo>;
  readonly skills: Resource<readonly InstalledArtifact[]>;
  readonly scenarios: Resource<readonly InstalledArtifact[]>;
  readonly catalog: Resource<MarketplaceReading>; // the whole marketplace, unfiltered
  /** +1 whenever what was read over HTTP may be out of date. */
  readonly changes = new Store(0);

  private readonly stops: (() => void)[] = [];

  constructor(api: HubApi, yjsBase: string, webspace: string) {
    this.api = api;
    this.projection = new ProjectionReader(this.doc);
    this.commands = new Commands(
      () => this.projection.get().operations,
      (refusal) => this.refusals.set([...this.refusals.get(), refusal]),
    );
    this.info = new Resource((signal) => api.hub(signal));
    this.skills = new Resource((signal) => api.installed("skill", signal));
    this.scenarios = new Resource((signal) => api.installed("scenario", signal));
    this.catalog = this.marketplace({ q: "", installed: "hide" });
    this.connection = new LiveDocument(yjsBase, webspace, this.doc, () => void this.info.refresh());
    this.follow();
  }

  installed(kind: ArtifactKind): Resource<readonly InstalledArtifact[]> {
    return kind === "skill" ? this.skills : this.scenarios;
  }

  /** A query of the marketplace. Whoever makes it refreshes and stops it. */
  marketplace(query: MarketplaceQuery): Resource<MarketplaceReading> {
    return new Resource(async (signal): Promise<Answer<MarketplaceReading>> => {
      const known = endedIds(this.projection.get().operations);
      const answer = await this.api.marketplace(query, signal);
      return answer.ok ? { ok: true, value: { page: answer.value, known } } : answer;
    });
  }

  stop(): void {
    for (const stop of this.stops.splice(0)) stop();
    for (const resource of [this.info, this.skills, this.scenarios, this.catalog]) resource.stop();
    this.connection.stop();
    this.projection.stop();
    this.doc.destroy();
  }

  private readonly reread = (): void => {
    this.changes.set(this.changes.get() + 1);
    for (const resource of [this.info, this.skills, this.scenarios, this.catalog]) {
      void resource.refresh();
    }
  };

  private follow(): void {
    const reread = debounced(reread_after_ms, this.reread);
    let before = this.projection.get();
    this.stops.push(
      this.projection.subscribe(() => {
        const after = this.projection.get();
        const published = before.updates !== after.updates;
        if (published || somethingEnded(before.operations, after.operations)) reread.call();
        before = after;
        this.commands.settle();
      }),
    );
    let syncs = this.connection.get().syncs;
    this.stops.push(
      this.connection.subscribe(() => {
        const now = this.connection.get().syncs;
        if (now !== syncs) reread.call();
        syncs = now;
      }),
    );
    const every = setInterval(reread.call, reread_every_ms);
    this.stops.push(
      () => clearInterval(every),
      () => reread.stop(),
    );
    this.reread();
  }
}
