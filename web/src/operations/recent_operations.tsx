import { useState } from "react";
import type { OperationState } from "../contracts/operation_state.ts";
import { useHub, useReadable } from "../hub/use_hub.ts";
import { useTitles } from "../hub/use_titles.ts";
import { useTranslator } from "../i18n/use_translator.ts";
import { Button } from "../ui/button.tsx";
import { Icon } from "../ui/icon.tsx";
import { errorLines } from "../ui/problem_text.ts";
import { useNow } from "../ui/use_now.ts";
import { operationTitle, type Titles } from "./labels.ts";
import { SteerButton } from "./operation_buttons.tsx";
import { partsOf, recentOperations } from "./operations.ts";

const shown_first = 6;

const outcomes = {
  succeeded: { icon: "check", tone: "good" },
  failed: { icon: "alert", tone: "bad" },
  cancelled: { icon: "stop", tone: "calm" },
} as const;

function outcomeOf(operation: OperationState) {
  return operation.status in outcomes
    ? outcomes[operation.status as keyof typeof outcomes]
    : outcomes.cancelled;
}

interface RecentRowProps {
  readonly operation: OperationState;
  readonly parts: readonly OperationState[];
  readonly titles: Titles;
  readonly now: number;
}

function RecentRow({ operation, parts, titles, now }: RecentRowProps) {
  const tr = useTranslator();
  const title = operationTitle(operation, tr, titles);
  const { icon, tone } = outcomeOf(operation);
  const { error, effects, started_at: started, finished_at: finished } = operation;
  const took_ms = started && finished ? Date.parse(finished) - Date.parse(started) : 0;
  const left =
    operation.status !== "succeeded" && (effects === "reverted" || effects === "partial")
      ? tr.t(`effects.${effects}`)
      : null;
  return (
    <li className="recent" data-testid="recent" data-status={operation.status}>
      <span className={`recent-icon tone-${tone}`}>
        <Icon name={icon} />
      </span>
      <div className="recent-body">
        <div className="recent-title">{title}</div>
        {error && (
          <p className="recent-error small">
            {errorLines(error, tr).map((line) => (
              <span key={line}>{line}</span>
            ))}
          </p>
        )}
        {left && <p className="muted small">{left}</p>}
        {(operation.can_retry || operation.can_undo) && (
          <div className="recent-actions">
            {operation.can_retry && (
              <SteerButton name="retry" operation={operation} title={title} />
            )}
            {operation.can_undo && <SteerButton name="undo" operation={operation} title={title} />}
          </div>
        )}
      </div>
      <div className="recent-side muted small">
        <span className={`tone-text-${tone}`}>{tr.t(`status.${operation.status}`)}</span>
        {finished && <time dateTime={finished}>{tr.ago(now - Date.parse(finished))}</time>}
        {took_ms >= 1000 && <span>{tr.t("operations.took", { time: tr.duration(took_ms) })}</span>}
      </div>
      {parts.length > 0 && (
        <details className="recent-parts" open={operation.status !== "succeeded"}>
          <summary className="muted small">
            {tr.t("operations.parts", { count: parts.length })}
          </summary>
          <ul>
            {parts.map((part) => (
              <RecentRow
                key={part.operation_id}
                operation={part}
                parts={[]}
                titles={titles}
                now={now}
              />
            ))}
          </ul>
        </details>
      )}
    </li>
  );
}

export function RecentOperations() {
  const tr = useTranslator();
  const titles = useTitles();
  const now = useNow(15_000);
  const [all, setAll] = useState(false);
  const projection = useReadable(useHub().projection);
  const recent = recentOperations(projection);
  return (
    <section aria-labelledby="recent-heading" className="section">
      <h2 id="recent-heading">{tr.t("operations.recent")}</h2>
      {recent.length === 0 ? (
        <p className="muted">{tr.t("operations.recent.none")}</p>
      ) : (
        <ul className="card rows">
          {recent.slice(0, all ? undefined : shown_first).map((operation) => (
            <RecentRow
              key={operation.operation_id}
              operation={operation}
              parts={partsOf(projection, operation.operation_id)}
              titles={titles}
              now={now}
            />
          ))}
        </ul>
      )}
      {recent.length > shown_first && (
        <Button look="quiet" onPress={() => setAll(!all)}>
          {all
            ? tr.t("operations.recent.fewer")
            : tr.t("operations.recent.all", { count: recent.length })}
        </Button>
      )}
    </section>
  );
}
