import { useEffect, useState } from "react";
import {
  Text,
  UNSTABLE_Toast as Toast,
  UNSTABLE_ToastContent as ToastContentSlot,
  UNSTABLE_ToastRegion as ToastRegion,
} from "react-aria-components";
import { text } from "../contracts/decode.ts";
import type { Operations } from "../contracts/operation_state.ts";
import { useHub, useReadable } from "../hub/use_hub.ts";
import { useTitles } from "../hub/use_titles.ts";
import type { Translator } from "../i18n/translator.ts";
import { useTranslator } from "../i18n/use_translator.ts";
import { notificationText, type Titles } from "../operations/labels.ts";
import { Button } from "../ui/button.tsx";
import { Icon } from "../ui/icon.tsx";
import { errorLines, problemText } from "../ui/problem_text.ts";
import { feedToasts, newToasts, type ToastContent } from "./toaster.ts";

interface ToastText {
  readonly level: "success" | "error" | "warning";
  readonly title: string;
  readonly details: readonly string[]; // why, and what to do
}

const levels = {
  success: { icon: "check", tone: "good" },
  error: { icon: "alert", tone: "bad" },
  warning: { icon: "alert", tone: "warn" },
} as const;

const given = (...lines: readonly (string | null | undefined)[]): readonly string[] =>
  lines.filter((line): line is string => Boolean(line));

function toastText(
  content: ToastContent,
  operations: Operations,
  tr: Translator,
  titles: Titles,
): ToastText {
  switch (content.kind) {
    case "many": {
      const title = tr.t("notifications.many", { count: content.count });
      return { level: "success", title, details: [] };
    }
    case "refusal": {
      const { command, problem } = content.refusal;
      const { what, hint } = problemText(problem, tr);
      const title = tr.t(`command.${command.name}`, { title: command.title });
      return { level: "error", title, details: given(what, hint) };
    }
    case "one": {
      const { notification } = content;
      const title = notificationText(notification, tr, titles);
      if (notification.level === "success") return { level: "success", title, details: [] };
      const error = operations[notification.operation_id]?.error;
      const details = error ? errorLines(error, tr) : given(text(notification.message_args.error));
      return { level: notification.level, title, details };
    }
  }
}

export function Toasts() {
  const tr = useTranslator();
  const hub = useHub();
  const titles = useTitles();
  const { operations } = useReadable(hub.projection);
  const [queue] = useState(newToasts);
  useEffect(() => feedToasts(hub, queue), [hub, queue]);
  return (
    <ToastRegion queue={queue} className="toasts" aria-label={tr.t("notifications.label")}>
      {({ toast }) => {
        const { level, title, details } = toastText(toast.content, operations, tr, titles);
        const { icon, tone } = levels[level];
        return (
          <Toast
            toast={toast}
            className={`toast toast-${tone}`}
            data-testid="toast"
            data-level={level}
          >
            <span className={`toast-icon tone-${tone}`}>
              <Icon name={icon} />
            </span>
            <ToastContentSlot className="toast-content">
              <Text slot="title" className="toast-title">
                {title}
              </Text>
              {details.length > 0 && (
                <Text slot="description" className="toast-detail small">
                  {details.map((line) => (
                    <span key={line}>{line}</span>
                  ))}
                </Text>
              )}
            </ToastContentSlot>
            <Button slot="close" look="quiet" shape="icon" aria-label={tr.t("notifications.close")}>
              <Icon name="close" />
            </Button>
          </Toast>
        );
      }}
    </ToastRegion>
  );
}
