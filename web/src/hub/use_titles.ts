// The titles of all artifacts the page knows, in the user's language.
import { useMemo } from "react";
import { resourceOf } from "../contracts/artifact.ts";
import { localized } from "../i18n/language.ts";
import { useTranslator } from "../i18n/use_translator.ts";
import type { Titles } from "../operations/labels.ts";
import { useHub, useReadable } from "./use_hub.ts";

export function useTitles(): Titles {
  const hub = useHub();
  const { language } = useTranslator();
  const rows = useReadable(hub.catalog).value?.page.rows;
  const skills = useReadable(hub.skills).value;
  const scenarios = useReadable(hub.scenarios).value;
  return useMemo(() => {
    const titles = new Map<string, string>();
    for (const artifact of [...(rows ?? []), ...(skills ?? []), ...(scenarios ?? [])]) {
      const title = localized(artifact.title_i18n, language, artifact.title);
      titles.set(resourceOf(artifact.kind, artifact.name), title);
    }
    return (kind, name) => titles.get(resourceOf(kind, name));
  }, [rows, skills, scenarios, language]);
}
