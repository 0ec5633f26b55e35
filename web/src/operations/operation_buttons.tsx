// What a person may ask of one operation, and what an operation may ask of a person.
import { texts } from "../contracts/decode.ts";
import type { OperationState } from "../contracts/operation_state.ts";
import { useHub, useReadable } from "../hub/use_hub.ts";
import { useTranslator } from "../i18n/use_translator.ts";
import { Button } from "../ui/button.tsx";

interface Subject {
  readonly operation: OperationState;
  readonly title: string;
}

export function SteerButton({
  name,
  operation,
  title,
}: Subject & { readonly name: "cancel" | "retry" | "undo" }) {
  const tr = useTranslator();
  const hub = useHub();
  const key = `${name}:${operation.operation_id}`;
  const pending = useReadable(hub.commands).has(key);
  const send = () =>
    void hub.commands.run({ name, key, title }, () => hub.api[name](operation.operation_id));
  return (
    <Button
      look="quiet"
      aria-label={tr.t(`operations.${name}.of`, { title })}
      isPending={pending}
      onPress={send}
    >
      {tr.t(`operations.${name}`)}
    </Button>
  );
}

/** The question of an operation that waits for a person, with a button for each answer. */
export function Answers({ operation, title }: Subject) {
  const tr = useTranslator();
  const hub = useHub();
  const key = `confirm:${operation.operation_id}`;
  const pending = useReadable(hub.commands).has(key);
  if (operation.status !== "waiting_input" || operation.reason?.code !== "confirm") return null;
  const { params } = operation.reason;
  const question = typeof params.question === "string" ? params.question : "";
  const choices = texts(params.choices);
  const answer = (choice: string) =>
    void hub.commands.run({ name: "confirm", key, title }, () =>
      hub.api.confirm(operation.operation_id, choice),
    );
  return (
    <div className="answers" role="group" aria-label={title}>
      <p>{tr.maybe(`question.${question}`, params) ?? operation.message}</p>
      {(choices.length > 0 ? choices : ["yes", "no"]).map((choice) => (
        <Button key={choice} isPending={pending} onPress={() => answer(choice)}>
          {tr.maybe(`answer.${choice}`) ?? choice}
        </Button>
      ))}
    </div>
  );
}
