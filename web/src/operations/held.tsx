// What stands in a row while an operation holds the row's resource.
import { useId, type ReactNode } from "react";
import type { OperationState } from "../contracts/operation_state.ts";
import type { Translator } from "../i18n/translator.ts";
import { useTranslator } from "../i18n/use_translator.ts";
import { Button } from "../ui/button.tsx";
import { Progress } from "../ui/progress.tsx";
import { operationTitle, standing, type Titles } from "./labels.ts";

interface HoldingProps {
  readonly operation: OperationState;
  readonly own: boolean; // the row is what the operation is about, not something it also needs
  readonly titles: Titles;
  readonly reasonId: string; // for the aria-describedby of the button that is disabled by it
}

/** Its progress, and its step or its name. */
export function Holding({ operation, own, titles, reasonId }: HoldingProps) {
  const tr = useTranslator();
  const title = operationTitle(operation, tr, titles);
  return (
    <div className="holding">
      <Progress value={operation.progress} label={tr.t("operations.progress", { title })} />
      <span id={reasonId} className="small muted">
        {own ? standing(operation, tr, titles) : tr.t("marketplace.heldBy", { operation: title })}
      </span>
    </div>
  );
}

type Hold = { readonly operation: OperationState; readonly own: boolean } | "starting" | null;

/** What the button shows while it is held, in parts; null when it is not. */
function busyText(hold: Hold, tr: Translator): readonly string[] | null {
  if (hold === null) return null;
  if (hold === "starting") return [tr.t("marketplace.starting")];
  const { progress } = hold.operation;
  const working = tr.t("marketplace.working");
  return progress === null ? [working] : [working, tr.percent(progress)];
}

interface HeldButtonProps {
  /** Null while nothing holds it: then the button is as `children` and `onPress` say. */
  readonly hold: Hold;
  readonly titles: Titles;
  readonly label: string; // the button's, when it can be pressed
  readonly children: ReactNode;
  readonly onPress: () => void;
}

/**
 * One button element throughout: it keeps the focus when the operation starts, tells a screen
 * reader that it is busy, and why, and is the same button again when the operation has failed.
 */
export function HeldButton({ hold, titles, label, children, onPress }: HeldButtonProps) {
  const tr = useTranslator();
  const reasonId = useId();
  const held = hold === null || hold === "starting" ? null : hold;
  const said = busyText(hold, tr);
  // What it is called begins with what it shows, so that a voice can ask for what is seen.
  const subject = held ? operationTitle(held.operation, tr, titles) : label;
  return (
    <div className="held" data-held={hold === null ? undefined : "true"}>
      <Button
        look={hold === null ? "primary" : "quiet"}
        aria-label={said === null ? label : `${said.join(" ")}: ${subject}`}
        aria-describedby={held ? reasonId : undefined}
        isPending={hold !== null}
        onPress={onPress}
      >
        {/* The space keeps two words apart for whoever reads the text and not the layout. */}
        {said === null
          ? children
          : said.map((part, at) => <span key={part}>{at === 0 ? part : ` ${part}`}</span>)}
      </Button>
      {held && <Holding {...held} titles={titles} reasonId={reasonId} />}
    </div>
  );
}
