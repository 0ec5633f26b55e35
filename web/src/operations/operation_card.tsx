import type { OperationState, ProgressDetail } from "../contracts/operation_state.ts";
import type { Translator } from "../i18n/translator.ts";
import { useTranslator } from "../i18n/use_translator.ts";
import { Progress } from "../ui/progress.tsx";
import { useNow } from "../ui/use_now.ts";
import { operationTitle, standing, type Titles } from "./labels.ts";
import { Answers, SteerButton } from "./operation_buttons.tsx";

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

interface OperationCardProps {
  readonly operation: OperationState;
  readonly titles: Titles;
}

export function OperationCard({ operation, titles }: OperationCardProps) {
  const tr = useTranslator();
  const title = operationTitle(operation, tr, titles);
  const now = useNow(15_000);
  const amount = amountText(operation.progress_detail, tr);
  const undoes =
    operation.cancel_effect === "reverts" || operation.cancel_effect === "leaves_partial";
  return (
    <li className="card operation" data-testid="operation" data-operation={operation.operation_id}>
      <div className="operation-head">
        <h3>{title}</h3>
        {operation.can_cancel && <SteerButton name="cancel" operation={operation} title={title} />}
      </div>
      <Progress value={operation.progress} label={tr.t("operations.progress", { title })} />
      <div className="operation-foot muted">
        <span className="operation-standing">{standing(operation, tr, titles)}</span>
        {operation.queue_position !== null && (
          <span>{tr.t("operations.queue", { place: operation.queue_position })}</span>
        )}
        {amount && <span>{amount}</span>}
        {operation.progress_detail?.eta_ms != null && (
          <span>
            {tr.t("operations.left", { time: tr.duration(operation.progress_detail.eta_ms) })}
          </span>
        )}
        {operation.progress !== null && <span>{tr.percent(operation.progress)}</span>}
        {operation.started_at && <Elapsed since={operation.started_at} />}
      </div>
      <Answers operation={operation} title={title} />
      {operation.can_cancel && undoes && operation.effects === "applied" && (
        <p className="muted small">{tr.t(`operations.cancel.${operation.cancel_effect}`)}</p>
      )}
      {operation.stalled_since && (
        <p className="warnings small">
          {tr.t("operations.stalled", { time: tr.ago(now - Date.parse(operation.stalled_since)) })}
        </p>
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
