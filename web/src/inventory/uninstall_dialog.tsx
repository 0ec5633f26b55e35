import { Dialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import type { InstalledArtifact } from "../contracts/artifact.ts";
import { useTranslator } from "../i18n/use_translator.ts";
import { Button } from "../ui/button.tsx";

interface UninstallDialogProps {
  readonly artifact: InstalledArtifact;
  readonly title: string;
  readonly isOpen: boolean;
  readonly onOpenChange: (isOpen: boolean) => void;
  readonly onConfirm: () => void;
}

export function UninstallDialog(props: UninstallDialogProps) {
  const { artifact, title, isOpen, onOpenChange, onConfirm } = props;
  const tr = useTranslator();
  const { name, version } = artifact;
  return (
    <ModalOverlay className="overlay" isDismissable isOpen={isOpen} onOpenChange={onOpenChange}>
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
