// What operations and notifications are called, in the user's language. The hub sends a key and its
// arguments; a key this page does not know falls back to the hub's own text.
import { fields, text, type Fields } from "../contracts/decode.ts";
import type { OperationNotification } from "../contracts/operation_notification.ts";
import type { OperationState } from "../contracts/operation_state.ts";
import { localized } from "../i18n/language.ts";
import type { Translator } from "../i18n/translator.ts";

/** The title of an artifact in the user's language; undefined when the page does not know it. */
export type Titles = (kind: string, name: string) => string | undefined;

const firstOf = (...texts: readonly string[]): string => texts.find((one) => one !== "") ?? "";

/** The arguments of a text about `kind`, with the title as the user would read it. */
function spoken(args: Fields, kind: string, tr: Translator, titles: Titles): Fields {
  const name = text(args.name);
  const own = localized(fields(args.title_i18n), tr.language, "");
  const named = { ...args, title: firstOf(own, titles(kind, name) ?? "", text(args.title), name) };
  // What an undo takes back, in words: "Install skill Notes".
  const taken = text(args.kind);
  return taken === ""
    ? named
    : { ...named, action: tr.maybe(`operation.${taken}`, named) ?? taken };
}

export function operationTitle(operation: OperationState, tr: Translator, titles: Titles): string {
  const args = spoken(
    { name: operation.target_id, ...operation.title_args },
    operation.target_kind,
    tr,
    titles,
  );
  return tr.maybe(operation.title_key, args) ?? firstOf(operation.message, operation.kind);
}

/** "fetch skill:notes_skill" as "Fetching: Notes". */
export function stepLabel(step: string, tr: Translator, titles: Titles): string {
  const [verb = "", resource] = step.split(" ", 2);
  const label = tr.maybe(`step.${verb}`) ?? verb;
  if (!resource) return label;
  const [kind = "", name = ""] = resource.split(":", 2);
  return tr.t("step.of", { step: label, title: titles(kind, name) ?? (name || resource) });
}

/** The one line that says where an operation stands. */
export function standing(operation: OperationState, tr: Translator, titles: Titles): string {
  if (operation.status === "running" && operation.current_step) {
    return stepLabel(operation.current_step, tr, titles);
  }
  const reason = operation.reason && tr.maybe(`reason.${operation.reason.code}`);
  return reason ?? tr.t(`status.${operation.status}`);
}

export function notificationText(
  notification: OperationNotification,
  tr: Translator,
  titles: Titles,
): string {
  const args = spoken(
    { name: notification.target_id, ...notification.message_args },
    notification.target_kind,
    tr,
    titles,
  );
  return tr.maybe(notification.message_key, args) ?? notification.message;
}
