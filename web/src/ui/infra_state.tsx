import { useState } from "react";
import type { HubInfo } from "../contracts/hub_info.ts";
import { useHub, useReadable } from "../hub/use_hub.ts";
import { useTranslator } from "../i18n/use_translator.ts";
import { Inventory } from "../inventory/inventory.tsx";
import { MarketplaceDialog } from "../marketplace/marketplace_dialog.tsx";
import { Toasts } from "../notifications/toast_region.tsx";
import { ActiveOperations } from "../operations/active_operations.tsx";
import { activeOfKind } from "../operations/operations.ts";
import { RecentOperations } from "../operations/recent_operations.tsx";
import { Button } from "./button.tsx";
import { Header } from "./header.tsx";
import { Icon } from "./icon.tsx";

const update_kind = "workspace.update";

function UpdateButton() {
  const tr = useTranslator();
  const hub = useHub();
  const projection = useReadable(hub.projection);
  const running = activeOfKind(projection.operations, update_kind);
  const pending = useReadable(hub.commands).has("workspace");
  const counted = useReadable(hub.catalog).value?.page.counts.updates;
  const updates = projection.updates ?? counted ?? 0;
  const busy = pending || running !== undefined;
  const update = () =>
    void hub.commands.run({ name: "update", key: "workspace", title: "" }, () =>
      hub.api.updateAll(),
    );
  return (
    <Button isPending={busy} onPress={update}>
      <Icon name="update" />
      {busy ? tr.t("actions.updating") : tr.t("actions.update")}
      {running?.progress != null && <span>{tr.percent(running.progress)}</span>}
      {updates > 0 && !busy && (
        <span className="badge" data-testid="updates">
          <span aria-hidden="true">{updates}</span>
          <span className="visually-hidden">{tr.t("actions.updates", { count: updates })}</span>
        </span>
      )}
    </Button>
  );
}

function CatalogNotice({ catalog }: { readonly catalog: HubInfo["catalog"] }) {
  const tr = useTranslator();
  const troubled = catalog.state !== "fresh" && catalog.state !== "empty";
  if (!troubled && catalog.quarantined === 0) return null;
  return (
    <div
      className={`notice tone-${catalog.state === "unavailable" ? "bad" : "warn"}`}
      role="status"
      data-testid="catalog-notice"
    >
      {troubled && <p>{tr.t(`catalog.${catalog.state}.explain`)}</p>}
      {troubled && catalog.error !== null && <p className="small">{catalog.error}</p>}
      {catalog.quarantined > 0 && (
        <p>{tr.t("catalog.quarantined", { count: catalog.quarantined })}</p>
      )}
    </div>
  );
}

export function InfraState({ onSignOut }: { readonly onSignOut: () => void }) {
  const tr = useTranslator();
  const info = useReadable(useHub().info).value;
  const [marketplaceOpen, setMarketplaceOpen] = useState(false);
  const browse = () => setMarketplaceOpen(true);
  return (
    <>
      <Header onSignOut={onSignOut} />
      <main className="page">
        <div className="page-head">
          <h1>{tr.t("app.title")}</h1>
          <div className="actions" role="group" aria-label={tr.t("actions.label")}>
            <UpdateButton />
            <Button look="primary" onPress={browse}>
              <Icon name="market" />
              {tr.t("actions.marketplace")}
            </Button>
          </div>
        </div>
        {info && <CatalogNotice catalog={info.catalog} />}
        <ActiveOperations />
        <div className="columns">
          <Inventory kind="skill" onBrowse={browse} />
          <Inventory kind="scenario" onBrowse={browse} />
        </div>
        <RecentOperations />
      </main>
      <MarketplaceDialog isOpen={marketplaceOpen} onOpenChange={setMarketplaceOpen} />
      <Toasts />
    </>
  );
}
