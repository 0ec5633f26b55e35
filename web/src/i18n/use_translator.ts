import { createContext, useContext } from "react";
import { translatorFor, type Translator } from "./translator.ts";

export const TranslatorContext = createContext<Translator>(translatorFor("en"));

export const useTranslator = (): Translator => useContext(TranslatorContext);
