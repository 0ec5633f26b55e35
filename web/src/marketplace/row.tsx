import type { MarketplaceRow, RequiredSkill } from "../contracts/marketplace_row.ts";
import { localized } from "../i18n/language.ts";
import { useTranslator } from "../i18n/use_translator.ts";
import type { Titles } from "../operations/labels.ts";
import { InstallControl } from "./install_control.tsx";

function Needs({
  skills,
  titles,
}: {
  readonly skills: readonly RequiredSkill[];
  readonly titles: Titles;
}) {
  const tr = useTranslator();
  const state = ({ installed, available }: RequiredSkill) =>
    installed ? "installed" : available ? "willInstall" : "missing";
  return (
    <p className="small muted">
      {tr.t("marketplace.needs")}{" "}
      {skills.map((skill, index) => (
        <span key={skill.name}>
          {index > 0 && ", "}
          {titles("skill", skill.name) ?? skill.title}{" "}
          <span className={skill.available || skill.installed ? "" : "tone-text-bad"}>
            ({tr.t(`marketplace.needs.${state(skill)}`)})
          </span>
        </span>
      ))}
    </p>
  );
}

interface RowProps {
  readonly row: MarketplaceRow;
  readonly known: ReadonlySet<string>;
  readonly titles: Titles;
}

export function Row({ row, known, titles }: RowProps) {
  const tr = useTranslator();
  const title = localized(row.title_i18n, tr.language, row.title);
  const description = localized(row.description_i18n, tr.language, row.description);
  return (
    <>
      <div className="offer-body">
        <div className="offer-title">
          <span className="artifact-name">{title}</span>
          <span className="chip">{row.version}</span>
          {row.tags.map((tag) => (
            <span key={tag} className="tag">
              {tag}
            </span>
          ))}
        </div>
        {description !== "" && <p className="offer-description">{description}</p>}
        <p className="offer-meta small muted">
          <code>{row.name}</code>
          {row.publisher !== "" && (
            <span>{tr.t("marketplace.by", { publisher: row.publisher })}</span>
          )}
          {row.size !== null && <span>{tr.bytes(row.size)}</span>}
          {!row.verified && (
            <span className="tone-text-warn" title={tr.t("marketplace.unverified.explain")}>
              {tr.t("marketplace.unverified")}
            </span>
          )}
        </p>
        {row.requires.length > 0 && <Needs skills={row.requires} titles={titles} />}
      </div>
      <div className="offer-action">
        <InstallControl row={row} title={title} known={known} titles={titles} />
      </div>
    </>
  );
}
