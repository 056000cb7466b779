/** Models and evaluations as text for people and as plain objects for machines. */
import type { Model, ModelEvaluation, Promotion } from '../domain/model';
import { number } from './terminal';

export type Cell = string | number | undefined;

/** Columns padded to their widest cell; numbers to the right. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const text = [head, ...rows].map((row) => row.map((cell) => (cell === undefined ? '' : printable(String(cell)))));
  const widths = head.map((_, column) => Math.max(...text.map((row) => row[column].length)));
  const right = head.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'));
  const lines = text.map((row) =>
    row
      .map((cell, column) => (right[column] ? cell.padStart(widths[column]) : cell.padEnd(widths[column])))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}

/** Ids and titles come from strangers: what would break a line or command the terminal is shown as an escape. */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\u2028\u2029]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Three significant digits are what these measurements can bear. */
export const figure = (value: number): string => (Number.isInteger(value) ? String(value) : value.toPrecision(3));

export function evaluationText(evaluation: ModelEvaluation): string {
  const names = Object.keys(evaluation.metrics);
  const row = (name: string, metrics: Readonly<Record<string, number>>): Cell[] => [
    `  ${name}`,
    ...names.map((metric) => (metrics[metric] === undefined ? '' : figure(metrics[metric]))),
  ];
  return [
    `measured: ${evaluation.protocol}${evaluation.sampled ? ' (sampled)' : ''}\n`,
    table(
      ['', ...names.map((name) => (name === evaluation.primary ? `${name}*` : name))],
      [
        row('this model', evaluation.metrics),
        ...evaluation.baselines.map((baseline) =>
          row(`${baseline.name}${baseline.plain ? ' (to beat)' : ''}`, baseline.metrics),
        ),
      ],
    ),
  ].join('');
}

export const optionsText = (options: Readonly<Record<string, unknown>>): string =>
  Object.entries(options)
    .map(([name, value]) => `${name}=${Array.isArray(value) ? value.join(',') : String(value)}`)
    .join(' ');

export function modelText(model: Model): string {
  const { data } = model;
  const day = (time: Date | undefined): string | undefined => time?.toISOString().slice(0, 10);
  const range = data.from && data.to ? `, ${day(data.from)} to ${day(data.to)}` : '';
  const lines = [
    `model ${model.id}: ${model.trainer} in space ${model.space}${model.live ? ', live' : ''}`,
    `learned from ${number(data.rows)} ${data.stream}${range} in ${model.seconds.toFixed(1)} s`,
    `${number(model.vectors)} vectors of ${model.dimension} dimensions`,
    `options: ${optionsText(model.options)}`,
    `facts: ${optionsText(model.facts)}`,
  ];
  return `${lines.join('\n')}\n${model.evaluation ? evaluationText(model.evaluation) : 'not evaluated\n'}`;
}

export function promotionText(promotion: Promotion): string {
  const { replacedId } = promotion;
  if (replacedId === promotion.model.id) return `${replacedId} answers for space ${promotion.space} already\n`;
  const before = replacedId ? `, in place of ${replacedId}` : '';
  const note = promotion.note ? `\n${promotion.note}` : '';
  const forced = promotion.forced ? ' (forced)' : '';
  return `${promotion.model.id} now answers for space ${promotion.space}${before}${forced}${note}\n`;
}
