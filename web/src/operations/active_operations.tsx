import { useEffect, useRef, useState } from "react";
import type { OperationState } from "../contracts/operation_state.ts";
import { useHub, useReadable } from "../hub/use_hub.ts";
import { useTitles } from "../hub/use_titles.ts";
import { useTranslator } from "../i18n/use_translator.ts";
import { operationTitle } from "./labels.ts";
import { OperationCard } from "./operation_card.tsx";
import { activeOperations } from "./operations.ts";

/** What a screen reader is told when operations start; how they end is told by the toasts. */
function useStarted(active: readonly OperationState[]): OperationState | null {
  const known = useRef<ReadonlySet<string> | null>(null);
  const [started, setStarted] = useState<OperationState | null>(null);
  useEffect(() => {
    const fresh = active.filter(({ operation_id }) => known.current?.has(operation_id) === false);
    known.current = new Set(active.map(({ operation_id }) => operation_id));
    const last = fresh.at(-1);
    if (last) setStarted(last);
  }, [active]);
  return started;
}

export function ActiveOperations() {
  const tr = useTranslator();
  const titles = useTitles();
  const active = activeOperations(useReadable(useHub().projection));
  const started = useStarted(active);
  return (
    <section aria-labelledby="active-heading" className="section">
      <h2 id="active-heading">{tr.t("operations.active")}</h2>
      {active.length === 0 ? (
        <p className="muted">{tr.t("operations.none")}</p>
      ) : (
        <ul className="cards">
          {active.map((operation) => (
            <OperationCard key={operation.operation_id} operation={operation} titles={titles} />
          ))}
        </ul>
      )}
      <div className="visually-hidden" role="status">
        {started && tr.t("operations.started", { title: operationTitle(started, tr, titles) })}
      </div>
    </section>
  );
}
