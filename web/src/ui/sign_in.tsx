import { useState, type SyntheticEvent } from "react";
import { FieldError, Form, Input, Label, TextField } from "react-aria-components";
import type { Problem } from "../contracts/problem.ts";
import { useTranslator } from "../i18n/use_translator.ts";
import { Button } from "./button.tsx";
import { Preferences } from "./header.tsx";
import { Mark } from "./icon.tsx";
import { problemText, type ProblemText } from "./problem_text.ts";
import type { Translator } from "../i18n/translator.ts";

function refusalText(problem: Problem, tr: Translator): ProblemText {
  const wrong = problem.status === 401 || problem.code === "wrong_token";
  return wrong
    ? { what: tr.t("signin.refused"), hint: tr.t("signin.refused.hint") }
    : problemText(problem, tr);
}

interface SignInProps {
  readonly problem: Problem | null; // why the last attempt failed
  readonly expired: boolean;
  readonly onSignIn: (token: string) => Promise<Problem | undefined>;
}

export function SignIn({ problem: first, expired, onSignIn }: SignInProps) {
  const tr = useTranslator();
  const [token, setToken] = useState("");
  const [problem, setProblem] = useState(first);
  const [busy, setBusy] = useState(false);
  const refusal = problem && refusalText(problem, tr);

  const submit = async () => {
    if (token.trim() === "" || busy) return;
    setBusy(true);
    setProblem(null);
    setProblem((await onSignIn(token.trim())) ?? null);
    setBusy(false);
  };
  const onSubmit = (event: SyntheticEvent) => {
    event.preventDefault();
    void submit();
  };

  return (
    <main className="sign-in">
      {/* Not the browser's own validation: it would not let a refused token be replaced. */}
      <Form className="card sign-in-card" validationBehavior="aria" onSubmit={onSubmit}>
        <Mark />
        <h1>{tr.t("signin.title")}</h1>
        {expired && !refusal && <p role="status">{tr.t("signin.expired")}</p>}
        <p className="muted">{tr.t("signin.help")}</p>
        <TextField
          className="field"
          type="password"
          autoComplete="off"
          value={token}
          onChange={setToken}
          isInvalid={refusal !== null}
          autoFocus
        >
          <Label>{tr.t("signin.token")}</Label>
          <Input className="input" />
          {refusal && (
            <FieldError className="field-error">
              <span role="alert">
                {refusal.what} <span className="field-hint">{refusal.hint}</span>
              </span>
            </FieldError>
          )}
        </TextField>
        <Button look="primary" type="submit" isPending={busy}>
          {tr.t("signin.submit")}
        </Button>
      </Form>
      <Preferences />
    </main>
  );
}
