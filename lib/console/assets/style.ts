/** The style sheet of every page: system fonts, both colour schemes, nothing from elsewhere. */
export const styleSheet = `
:root { color-scheme: light dark; --ink: #16202c; --dim: #5c6b7a; --paper: #f6f7f9; --card: #fff; --line: #dde3ea;
  --good: #12805c; --warn: #a15c00; --bad: #b3261e; --busy: #2057c9; --accent: #0b5fa5; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --dim: #93a1b0; --paper: #0e141b; --card: #161e27;
  --line: #2a3542; --good: #4cc38a; --warn: #f0b357; --bad: #ff8a80; --busy: #8ab4ff; --accent: #6db7f2; } }
* { box-sizing: border-box; }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
header { display: flex; gap: 1.5rem; align-items: baseline; padding: 1rem 2rem; border-bottom: 1px solid var(--line); background: var(--card); }
header h1 { font-size: 1.15rem; margin: 0; letter-spacing: .02em; }
header h1 a { color: inherit; text-decoration: none; }
header p { margin: 0; color: var(--dim); }
header .live { margin-left: auto; font-size: .85rem; color: var(--dim); }
header .live::before { content: ''; display: inline-block; width: .55rem; height: .55rem; border-radius: 50%; background: var(--dim); margin-right: .4rem; }
header .live.on::before { background: var(--good); }
main { padding: 1.5rem 2rem; display: grid; gap: 1.5rem; grid-template-columns: minmax(0, 1fr); max-width: 90rem; margin: 0 auto; }
section { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: 1rem 1.25rem; min-width: 0; }
h2 { font-size: .95rem; margin: 0 0 .75rem; color: var(--dim); font-weight: 600; }
a { color: var(--accent); }
code, .digest { font: .87em ui-monospace, SFMono-Regular, Menlo, monospace; }
pre { font: .85rem/1.5 ui-monospace, monospace; background: var(--paper); border: 1px solid var(--line); border-radius: .35rem; padding: .75rem 1rem; overflow-x: auto; margin: .5rem 0; }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; }
th { text-align: left; font-weight: 600; color: var(--dim); font-size: .82rem; padding: .3rem .6rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
td { padding: .55rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
tr:last-child td { border-bottom: 0; }
tr.fresh td { animation: fresh 1.6s ease-out; }
@keyframes fresh { from { background: color-mix(in srgb, var(--accent) 22%, transparent); } }
@media (prefers-reduced-motion: reduce) { tr.fresh td { animation: none; } }
.name { font-weight: 600; overflow-wrap: anywhere; }
.dim { color: var(--dim); font-size: .87rem; }
.chips { display: flex; flex-wrap: wrap; gap: .25rem; }
.chip { font-size: .78rem; padding: .05rem .5rem; border-radius: 1rem; border: 1px solid var(--line); white-space: nowrap; color: var(--dim); }
.chip.done { color: var(--good); border-color: currentColor; }
.chip.working { color: var(--busy); border-color: currentColor; border-style: dashed; }
.chip.not-needed { opacity: .45; text-decoration: line-through; }
.count { font-variant-numeric: tabular-nums; font-size: .82rem; padding: .05rem .45rem; border-radius: .25rem; white-space: nowrap; }
.critical, .deny { color: var(--bad); font-weight: 700; } .high { color: var(--bad); } .medium, .quarantine { color: var(--warn); }
.low, .negligible, .unknown { color: var(--dim); } .allow { color: var(--good); font-weight: 600; }
ol.feed { list-style: none; margin: 0; padding: 0; max-height: 24rem; overflow-y: auto; }
ol.feed li { display: grid; grid-template-columns: 6.5rem 11rem minmax(0, 1fr); gap: .75rem; padding: .2rem 0; font-size: .87rem; }
ol.feed time { color: var(--dim); font-variant-numeric: tabular-nums; }
ol.feed .digest { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; color: var(--dim); }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .3rem 1.25rem; margin: 0; }
dt { color: var(--dim); } dd { margin: 0; overflow-wrap: anywhere; }
.empty { color: var(--dim); padding: 1rem 0; }
@media (max-width: 50rem) { main { padding: 1rem; } header { padding: 1rem; flex-wrap: wrap; gap: .25rem 1rem; } ol.feed li { grid-template-columns: 1fr; gap: 0; } }
`;
