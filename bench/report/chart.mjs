/** The README's chart, drawn by Apache ECharts without a browser. Shorter is better everywhere. */
import * as echarts from 'echarts';
import { AGENTS } from '../agents.mjs';
import { figureOf, format } from './figures.mjs';

const WIDTH = 880;
const HEIGHT = 470;
/** Told apart by people who see few colours, and on white. */
const COLORS = ['#0b6e4f', '#f2a541', '#c8553d', '#5b5f97', '#8d99ae'];
const PANELS = [
  {
    title: 'Start-up: ms added',
    left: 130,
    rows: [
      { label: 'http hello', cell: { group: 'startup', scenario: 'hello' }, metric: 'wallMillis' },
      { label: 'express, pg,\nioredis, grpc-js', cell: { group: 'startup', scenario: 'big' }, metric: 'wallMillis' },
    ],
  },
  {
    title: 'A request: µs of CPU added',
    left: 555,
    rows: [
      { label: 'raw http', cell: { group: 'request', scenario: 'http-server' }, metric: 'cpuMicros' },
      { label: 'express', cell: { group: 'request', scenario: 'express' }, metric: 'cpuMicros' },
      { label: 'gRPC server\n+ client', cell: { group: 'request', scenario: 'grpc' }, metric: 'cpuMicros' },
      {
        label: 'express + pg\n+ http client',
        cell: { group: 'request', scenario: 'express-pg-http' },
        metric: 'cpuMicros',
      },
    ],
  },
];
const PANEL_WIDTH = 270;

function seriesOf(results, agents) {
  return PANELS.flatMap(({ rows }, panel) =>
    agents.map(({ name, title }, index) => ({
      type: 'bar',
      name: title,
      xAxisIndex: panel,
      yAxisIndex: panel,
      barGap: '8%',
      barCategoryGap: '22%',
      itemStyle: { color: COLORS[index] },
      data: rows.map(({ cell, metric }) => {
        const { added } = figureOf(results, { ...cell, agent: name }, metric);
        return Number.isNaN(added) ? null : Math.max(0, added);
      }),
      label: {
        show: true,
        position: 'right',
        fontSize: 11,
        color: '#333333',
        formatter: ({ value }) => (value === null || value === undefined ? '' : `+${format(value)}`),
      },
    })),
  );
}

/** @returns {string} an SVG document */
export function renderChart(results) {
  const agents = AGENTS.filter(({ name }) => name !== 'bare' && results.about.agents[name] !== undefined);
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height: HEIGHT });
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: 'Helvetica, Arial, sans-serif', color: '#333333' },
    title: PANELS.map(({ title, left }) => ({ text: title, left, top: 10, textStyle: { fontSize: 14 } })),
    legend: { bottom: 8, itemGap: 32, data: agents.map(({ title }) => title) },
    grid: PANELS.map(({ left }) => ({ left, width: PANEL_WIDTH, top: 40, bottom: 60 })),
    xAxis: PANELS.map((_, index) => ({
      type: 'value',
      gridIndex: index,
      min: 0,
      splitLine: { lineStyle: { color: '#e5e5e5' } },
    })),
    yAxis: PANELS.map(({ rows }, index) => ({
      type: 'category',
      gridIndex: index,
      inverse: true,
      axisTick: { show: false },
      data: rows.map(({ label }) => label),
    })),
    series: seriesOf(results, agents),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg}\n`;
}
