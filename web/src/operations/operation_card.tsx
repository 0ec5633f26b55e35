import type { OperationState, ProgressDetail } from "../contracts/operation_state.ts";
import { useHub, useReadable } from "../hub/use_hub.ts";
import type { Translator } from "../i18n/translator.ts";
import { useTranslator } from "../i18n/use_translator.ts";
import { Button } from "../ui/button.tsx";
import { Progress } from "../ui/progress.tsx";
import { useNow } from "../ui/use_now.ts";
import { operationTitle, standing, type Titles } from "./labels.ts";

function Elapsed({ since }: { readonly since: string }) {
  const tr = useTranslator();
  const now = useNow(1000);
  return <span>{tr.t("operations.elapsed", { time: tr.duration(now - Date.parse(since)) })}</span>;
}

/** "20 kB / 41 kB"; nothing when it is not about bytes. */
function amountText(detail: ProgressDetail | null, tr: Translator): string | null {
  if (detail?.unit !== "bytes" || detail.done === 0) return null;
  const done = tr.bytes(detail.done);
  return detail.total === null ? done : `${done} / ${tr.bytes(detail.total)}`;
}

function CancelButton({
  operation,
  title,
}: {
  readonly operation: OperationState;
  readonly title: string;
}) {
  const tr = useTranslator();
  const hub = useHub();
  const key = `cancel:${operation.operation_id}`;
  const pending = useReadable(hub.commands).has(key);
  const cancel = () =>
    void hub.commands.run({ name: "cancel", key, title }, () =>
      hub.api.cancel(operation.operation_id),
    );
  return (
    <Button
      look="quiet"
      aria-label={tr.t("operations.cancel.of", { title })}
      isPending={pending}
      onPress={cancel}
    >
      {tr.t("operations.cancel")}
    </Button>
  );
}

interface OperationCardProps {
  readonly operation: OperationState;
  readonly titles: Titles;
}

export function OperationCard({ operation, titles }: OperationCardProps) {
  const tr = useTranslator();
  const title = operationTitle(operation, tr, titles);
  const amount = amountText(operation.progress_detail, tr);
  const undoes =
    operation.cancel_effect === "reverts" || operation.cancel_effect === "leaves_partial";
  return (
    <li className="card operation" data-testid="operation" data-operation={operation.operation_id}>
      <div className="operation-head">
        <h3>{title}</h3>
        {operation.can_cancel && <CancelButton operation={operation} title={title} />}
      </div>
      <Progress value={operation.progress} label={tr.t("operations.progress", { title })} />
      <div className="operation-foot muted">
        <span className="operation-standing">{standing(operation, tr, titles)}</span>
        {amount && <span>{amount}</span>}
        {operation.progress !== null && <span>{tr.percent(operation.progress)}</span>}
        {operation.started_at && <Elapsed since={operation.started_at} />}
      </div>
      {operation.can_cancel && undoes && operation.effects === "applied" && (
        <p className="muted small">{tr.t(`operations.cancel.${operation.cancel_effect}`)}</p>
      )}
      {operation.warnings.length > 0 && (
        <ul className="warnings small" aria-label={tr.t("operations.warnings")}>
          {operation.warnings.map((warning) => (
            <li key={warning}>{warning}</li>
          ))}
        </ul>
      )}
    </li>
  );
}
