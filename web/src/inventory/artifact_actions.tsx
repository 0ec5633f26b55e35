// What can be done with one installed artifact: its update beside it, the rest in a menu.
import { useId, useState } from "react";
import { Menu, MenuItem, MenuTrigger, Popover } from "react-aria-components";
import { resourceOf, type InstalledArtifact } from "../contracts/artifact.ts";
import type { OperationState } from "../contracts/operation_state.ts";
import type { Command } from "../hub/commands.ts";
import { useHub, useReadable } from "../hub/use_hub.ts";
import { useTranslator } from "../i18n/use_translator.ts";
import type { Titles } from "../operations/labels.ts";
import { Holding } from "../operations/held.tsx";
import { Button } from "../ui/button.tsx";
import { Icon } from "../ui/icon.tsx";
import { choicesOf, type Choice } from "./choices.ts";
import { UninstallDialog } from "./uninstall_dialog.tsx";

interface ArtifactActionsProps {
  readonly artifact: InstalledArtifact;
  readonly title: string;
  readonly holder: OperationState | undefined;
  readonly titles: Titles;
}

/** The buttons stay the same elements while the artifact is held: it is where the focus returns. */
export function ArtifactActions({ artifact, title, holder, titles }: ArtifactActionsProps) {
  const tr = useTranslator();
  const hub = useHub();
  const reasonId = useId();
  const [asking, setAsking] = useState(false);
  const { kind, name } = artifact;
  const key = resourceOf(kind, name);
  const busy = useReadable(hub.commands).has(key) || holder !== undefined;
  const own = holder?.target_kind === kind && holder.target_id === name;
  const choices = choicesOf(artifact);
  const update = choices.find(({ id }) => id === "update");

  const run = (command: Command["name"], verb: string, params: object = {}) =>
    void hub.commands.run({ name: command, key, title }, () =>
      hub.api.start(`${kind}.${verb}`, kind, name, params),
    );
  const act = (id: Choice["id"]) => {
    switch (id) {
      case "update":
        return run("update", "update");
      case "rollback":
        return run("rollback", "rollback");
      case "pin":
        return run("pin", "pin", { version: artifact.version });
      case "unpin":
        return run("unpin", "unpin");
      case "uninstall":
        return setAsking(true);
    }
  };
  const label = ({ id, version }: Choice) => tr.t(`inventory.do.${id}`, { version });
  return (
    <div className="artifact-actions">
      {holder && <Holding operation={holder} own={own} titles={titles} reasonId={reasonId} />}
      {update && (
        <Button
          look="primary"
          aria-label={`${label(update)}: ${title}`}
          aria-describedby={holder ? reasonId : undefined}
          isPending={busy}
          onPress={() => {
            act("update");
          }}
        >
          {label(update)}
        </Button>
      )}
      <MenuTrigger>
        <Button
          look="quiet"
          shape="icon"
          aria-label={tr.t("inventory.more", { title })}
          aria-describedby={holder ? reasonId : undefined}
          isPending={busy}
        >
          <Icon name="more" />
        </Button>
        <Popover className="menu-popover" placement="bottom end">
          <Menu
            className="menu"
            items={choices.filter(({ id }) => id !== "update")}
            disabledKeys={choices.filter(({ blocked }) => blocked).map(({ id }) => id)}
            onAction={(id) => {
              act(id as Choice["id"]);
            }}
          >
            {(choice) => (
              <MenuItem
                id={choice.id}
                className={`menu-item ${choice.id === "uninstall" ? "tone-bad" : ""}`}
                textValue={label(choice)}
              >
                {label(choice)}
              </MenuItem>
            )}
          </Menu>
        </Popover>
      </MenuTrigger>
      <UninstallDialog
        artifact={artifact}
        title={title}
        isOpen={asking}
        onOpenChange={setAsking}
        onConfirm={() => {
          run("uninstall", "uninstall");
        }}
      />
    </div>
  );
}
