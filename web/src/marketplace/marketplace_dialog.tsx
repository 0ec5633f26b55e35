import { useRef, useState, type KeyboardEvent } from "react";
import {
  Dialog,
  GridList,
  GridListItem,
  Heading,
  Input,
  Label,
  Modal,
  ModalOverlay,
  SearchField,
  SwitchButton,
  SwitchField,
} from "react-aria-components";
import { resourceOf, type ArtifactKind } from "../contracts/artifact.ts";
import type { MarketplaceReading } from "../hub/hub.ts";
import { useTitles } from "../hub/use_titles.ts";
import { localized } from "../i18n/language.ts";
import { useTranslator } from "../i18n/use_translator.ts";
import type { Titles } from "../operations/labels.ts";
import { Button } from "../ui/button.tsx";
import { Icon } from "../ui/icon.tsx";
import { problemText } from "../ui/problem_text.ts";
import { useKeptFocus } from "../ui/use_kept_focus.ts";
import { Row } from "./row.tsx";
import { useMarketplace } from "./use_marketplace.ts";

const rows_first = 100;

interface SectionProps {
  readonly kind: ArtifactKind;
  readonly reading: MarketplaceReading;
  readonly titles: Titles;
}

function Section({ kind, reading, titles }: SectionProps) {
  const tr = useTranslator();
  const [limit, setLimit] = useState(rows_first);
  const rows = reading.page.rows.filter((row) => row.kind === kind);
  const section = kind === "skill" ? "skills" : "scenarios";
  const headingId = `marketplace-${section}`;
  return (
    <section aria-labelledby={headingId} className="market-section" data-testid={headingId}>
      <h3 id={headingId}>
        <Icon name={kind} />
        {tr.t(`marketplace.${section}`)} <span className="count">{rows.length}</span>
      </h3>
      {rows.length === 0 ? (
        <p className="muted">{tr.t(`empty.section.${section}`)}</p>
      ) : (
        <GridList
          aria-labelledby={headingId}
          className="offers"
          keyboardNavigationBehavior="tab"
          items={rows.slice(0, limit).map((row) => ({ id: row.name, row }))}
          dependencies={[reading.known, titles, tr]}
        >
          {({ row }) => (
            <GridListItem
              className="offer"
              textValue={localized(row.title_i18n, tr.language, row.title)}
              data-testid="offer"
              data-artifact={resourceOf(row.kind, row.name)}
            >
              <Row row={row} known={reading.known} titles={titles} />
            </GridListItem>
          )}
        </GridList>
      )}
      {rows.length > limit && (
        <Button look="quiet" onPress={() => setLimit(limit + rows_first)}>
          {tr.t("marketplace.more")}
        </Button>
      )}
    </section>
  );
}

function Empty({ reason }: { readonly reason: string }) {
  const tr = useTranslator();
  const hint = tr.maybe(`empty.${reason}.hint`);
  return (
    <div className="empty" data-testid="marketplace-empty" data-reason={reason}>
      <p>{tr.maybe(`empty.${reason}`) ?? tr.t("empty.other")}</p>
      {hint !== undefined && <p className="muted small">{hint}</p>}
    </div>
  );
}

function Results({ q, installed }: { readonly q: string; readonly installed: "hide" | "show" }) {
  const tr = useTranslator();
  const titles = useTitles();
  const { value, problem } = useMarketplace(q, installed);
  const count = value?.page.rows.length ?? 0;
  const container = useRef<HTMLDivElement>(null);
  useKeptFocus(container);
  return (
    <div ref={container} tabIndex={-1} className="market-results">
      <div className="visually-hidden" role="status">
        {value && q !== "" && tr.t("marketplace.found", { count })}
      </div>
      {problem && <p className="notice tone-bad">{problemText(problem, tr).what}</p>}
      {!value && !problem && <p className="muted">{tr.t("marketplace.loading")}</p>}
      {value && count === 0 && <Empty reason={value.page.empty_reason ?? "other"} />}
      {value && count > 0 && (
        <>
          <Section kind="skill" reading={value} titles={titles} />
          <Section kind="scenario" reading={value} titles={titles} />
        </>
      )}
    </div>
  );
}

function Contents({ onClose }: { readonly onClose: () => void }) {
  const tr = useTranslator();
  const [q, setQ] = useState("");
  const [installed, setInstalled] = useState<"hide" | "show">("hide");
  const search = useRef<HTMLInputElement>(null);
  const onKey = (event: KeyboardEvent) => {
    if (event.target instanceof HTMLInputElement) return;
    if (event.key === "/") {
      event.preventDefault();
      search.current?.focus();
    }
    // The grid keeps for itself what is pressed on a button in one of its rows.
    if (event.key === "Escape") onClose();
  };
  return (
    <div className="market" onKeyDownCapture={onKey}>
      <div className="market-head">
        <Heading slot="title">{tr.t("marketplace.title")}</Heading>
        <Button look="quiet" shape="icon" aria-label={tr.t("dialog.close")} onPress={onClose}>
          <Icon name="close" />
        </Button>
      </div>
      <div className="market-tools">
        <SearchField className="search" value={q} onChange={setQ} autoFocus>
          <Label className="visually-hidden">{tr.t("marketplace.search")}</Label>
          <Icon name="search" />
          <Input
            ref={search}
            className="input"
            placeholder={tr.t("marketplace.search.placeholder")}
          />
          <Button look="quiet" shape="icon" aria-label={tr.t("marketplace.search.clear")}>
            <Icon name="close" />
          </Button>
        </SearchField>
        <SwitchField
          isSelected={installed === "show"}
          onChange={(on) => setInstalled(on ? "show" : "hide")}
        >
          <SwitchButton className="switch">
            <span className="switch-track" />
            {tr.t("marketplace.showInstalled")}
          </SwitchButton>
        </SwitchField>
      </div>
      <Results q={q} installed={installed} />
    </div>
  );
}

interface MarketplaceDialogProps {
  readonly isOpen: boolean;
  readonly onOpenChange: (open: boolean) => void;
}

export function MarketplaceDialog({ isOpen, onOpenChange }: MarketplaceDialogProps) {
  return (
    <ModalOverlay className="overlay" isDismissable isOpen={isOpen} onOpenChange={onOpenChange}>
      <Modal className="modal modal-large">
        <Dialog className="dialog">
          <Contents onClose={() => onOpenChange(false)} />
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
