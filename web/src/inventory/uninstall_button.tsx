import { useId } from "react";
import { Dialog, DialogTrigger, Heading, Modal, ModalOverlay } from "react-aria-components";
import { resourceOf, type InstalledArtifact } from "../contracts/artifact.ts";
import type { OperationState } from "../contracts/operation_state.ts";
import { useHub, useReadable } from "../hub/use_hub.ts";
import { useTranslator } from "../i18n/use_translator.ts";
import type { Titles } from "../operations/labels.ts";
import { Holding } from "../operations/held.tsx";
import { Button } from "../ui/button.tsx";
import { Icon } from "../ui/icon.tsx";

interface ConfirmationProps {
  readonly artifact: InstalledArtifact;
  readonly title: string;
  readonly onConfirm: () => void;
}

function Confirmation({ artifact, title, onConfirm }: ConfirmationProps) {
  const tr = useTranslator();
  const { name, version } = artifact;
  return (
    <ModalOverlay className="overlay" isDismissable>
      <Modal className="modal modal-small">
        <Dialog role="alertdialog" className="dialog">
          {({ close }) => (
            <>
              <Heading slot="title">{tr.t("inventory.uninstall.title", { title })}</Heading>
              <p>{tr.t(`inventory.uninstall.${artifact.kind}`, { name, version })}</p>
              <div className="dialog-buttons">
                <Button autoFocus onPress={close}>
                  {tr.t("dialog.keep")}
                </Button>
                <Button
                  look="danger"
                  onPress={() => {
                    onConfirm();
                    close();
                  }}
                >
                  {tr.t("inventory.uninstall")}
                </Button>
              </div>
            </>
          )}
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

interface UninstallButtonProps {
  readonly artifact: InstalledArtifact;
  readonly title: string;
  readonly holder: OperationState | undefined;
  readonly titles: Titles;
}

/** The button stays the same element while its artifact is held: it is where the focus returns. */
export function UninstallButton({ artifact, title, holder, titles }: UninstallButtonProps) {
  const tr = useTranslator();
  const hub = useHub();
  const reasonId = useId();
  const key = resourceOf(artifact.kind, artifact.name);
  const starting = useReadable(hub.commands).has(key);
  const own = holder?.target_kind === artifact.kind && holder.target_id === artifact.name;
  const uninstall = () =>
    void hub.commands.run({ name: "uninstall", key, title }, () =>
      hub.api.uninstall(artifact.kind, artifact.name),
    );
  return (
    <div className="uninstall">
      {holder && <Holding operation={holder} own={own} titles={titles} reasonId={reasonId} />}
      <DialogTrigger>
        <Button
          look="quiet"
          shape="icon"
          aria-label={tr.t("inventory.uninstall.of", { title })}
          aria-describedby={holder ? reasonId : undefined}
          isDisabled={artifact.uninstall_disabled}
          isPending={holder !== undefined || starting}
        >
          <Icon name="remove" />
        </Button>
        <Confirmation artifact={artifact} title={title} onConfirm={uninstall} />
      </DialogTrigger>
    </div>
  );
}
