/** The style sheet of every page: system fonts, both colour schemes, nothing from elsewhere. */
export const styleSheet = `
:root { color-scheme: light dark; --ink: #17212b; --dim: #5b6876; --paper: #f4f6f8; --card: #fff; --line: #e0e5eb; --soft: #eef1f5;
  --good: #0f7a52; --good-soft: #e0f4eb; --warn: #8f5200; --warn-soft: #fdf0dc; --bad: #b42318; --bad-soft: #fdeceb;
  --busy: #1f5fc4; --busy-soft: #e5eefc; --accent: #0b5cad; --shadow: 0 1px 2px rgb(16 24 40 / .06); }
@media (prefers-color-scheme: dark) { :root { --ink: #e4eaf1; --dim: #94a3b3; --paper: #0d131a; --card: #151d26; --line: #26323e; --soft: #1c2631;
  --good: #4ecb92; --good-soft: #12301f; --warn: #f2b75e; --warn-soft: #35260d; --bad: #ff8f84; --bad-soft: #3a1815;
  --busy: #8ab6ff; --busy-soft: #14284a; --accent: #71b5f5; --shadow: none; } }
*, ::before, ::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; color: var(--ink); background: var(--paper); }
a { color: var(--accent); text-decoration: none; } a:hover { text-decoration: underline; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
[hidden] { display: none !important; }

header { position: sticky; top: 0; z-index: 2; display: flex; gap: 1.5rem; align-items: center; height: 3.5rem; padding: 0 2rem; background: var(--card); border-bottom: 1px solid var(--line); }
.brand { display: flex; align-items: center; gap: .6rem; font-size: 1.1rem; font-weight: 700; letter-spacing: -.01em; color: var(--ink); } .brand:hover { text-decoration: none; }
nav { display: flex; gap: .25rem; } nav a { padding: .3rem .7rem; border-radius: 6px; color: var(--dim); font-weight: 500; }
nav a:hover { background: var(--soft); text-decoration: none; } nav a[aria-current] { color: var(--ink); background: var(--soft); }
.live { margin-left: auto; font-size: .85rem; color: var(--dim); white-space: nowrap; }
.live::before { content: ''; display: inline-block; width: .55rem; height: .55rem; border-radius: 50%; background: var(--dim); margin-right: .45rem; }
.live.on::before { background: var(--good); box-shadow: 0 0 0 3px var(--good-soft); } .live.off::before { background: var(--bad); }
main { padding: 1.5rem 2rem 3rem; display: grid; gap: 1.25rem; grid-template-columns: minmax(0, 1fr); max-width: 88rem; margin: 0 auto; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; box-shadow: var(--shadow); padding: 1.1rem 1.4rem 1.2rem; min-width: 0; }
.head { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem .9rem; margin-bottom: .7rem; }
h1 { font-size: 1.3rem; line-height: 1.3; margin: 0; overflow-wrap: anywhere; min-width: 0; } h2 { font-size: 1.02rem; margin: 0; } h3 { font-size: .9rem; margin: .9rem 0 .35rem; }
.crumbs { margin: 0; color: var(--dim); font-size: .9rem; overflow-wrap: anywhere; }
.dim, .where, .nothing { color: var(--dim); } .where { font-size: .84rem; margin-top: .15rem; } .strong { font-weight: 600; overflow-wrap: anywhere; }
.note { margin: 0 0 .8rem; padding: .5rem .8rem; border-radius: 6px; background: var(--warn-soft); color: var(--warn); font-size: .9rem; overflow-wrap: anywhere; }
.digest, .mono { font: .86em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; } .whole { margin: -.3rem 0 1rem; color: var(--dim); overflow-wrap: anywhere; user-select: all; }
pre { font: .84rem/1.6 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; background: var(--soft); border-radius: 6px; padding: .75rem 1rem; overflow-x: auto; margin: .5rem 0 0; }

table { width: 100%; border-collapse: collapse; }
th { text-align: left; font-weight: 500; color: var(--dim); font-size: .82rem; padding: .35rem .7rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
td { padding: .7rem .7rem; border-bottom: 1px solid var(--line); vertical-align: top; } tbody tr:last-child td { border-bottom: 0; }
th:first-child, td:first-child { padding-left: 0; } th:last-child, td:last-child { padding-right: 0; }
.number { text-align: right; font-variant-numeric: tabular-nums; } .when { white-space: nowrap; color: var(--dim); font-size: .88rem; }
#findings td { padding-block: .45rem; font-size: .92rem; } .path { font-size: .84rem; overflow-wrap: anywhere; max-width: 24rem; } .fix { color: var(--good); overflow-wrap: anywhere; } td.mono { overflow-wrap: anywhere; }
tr.fresh td { animation: fresh 1.8s ease-out; } @keyframes fresh { from { background: var(--busy-soft); } }
.what { max-width: 30rem; } .name { font-weight: 600; overflow-wrap: anywhere; } .repository { overflow-wrap: anywhere; }
.tag { display: inline-block; max-width: 100%; margin-left: .4rem; padding: 0 .4rem; border-radius: 4px; background: var(--soft); color: var(--ink); font: .84em/1.6 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }

.badge { display: inline-block; padding: .08rem .6rem; border-radius: 1rem; font-size: .82rem; font-weight: 600; white-space: nowrap; background: var(--soft); color: var(--dim); }
.badge.allow { background: var(--good-soft); color: var(--good); } .badge.deny { background: var(--bad-soft); color: var(--bad); }
.badge.quarantine, .badge.warn { background: var(--warn-soft); color: var(--warn); } .badge.progress { background: var(--busy-soft); color: var(--busy); }
.sevs { display: inline-flex; flex-wrap: wrap; gap: .3rem; } .sev { position: relative; display: inline-flex; border-radius: 5px; overflow: hidden; font-size: .82rem; line-height: 1.5; font-variant-numeric: tabular-nums; }
.sev b { padding: 0 .15rem 0 .45rem; font-weight: 650; } .sev i { font-style: normal; padding: 0 .45rem 0 .1rem; opacity: .75; }
.sev-critical { color: #fff; background: #a51d12; } .sev-high { color: var(--bad); background: var(--bad-soft); } .sev-medium { color: var(--warn); background: var(--warn-soft); }
.sev-low, .sev-negligible, .sev-unknown { color: var(--dim); background: var(--soft); } .sev-word { padding: .05rem .5rem; border-radius: 5px; font-size: .82rem; font-weight: 600; white-space: nowrap; }

.steps { list-style: none; display: flex; margin: .3rem 0 .35rem; padding: 0; }
.steps li { position: relative; flex: none; width: 1.6rem; height: .8rem; } .steps li:last-child { width: .8rem; }
.steps li::after { content: ''; position: absolute; left: .8rem; width: .8rem; top: calc(.4rem - 1px); height: 2px; background: var(--line); } .steps li:last-child::after { display: none; }
.steps li::before { content: ''; position: absolute; left: 0; top: 0; width: .8rem; height: .8rem; border-radius: 50%; border: 2px solid var(--line); background: var(--card); }
.steps .done::before, .steps .allow::before { border-color: var(--good); background: var(--good); } .steps .done::after, .steps .allow::after { background: var(--good); }
.steps .deny::before { border-color: var(--bad); background: var(--bad); } .steps .quarantine::before { border-color: var(--warn); background: var(--warn); }
.steps .working::before, .timeline .working::before { border-color: var(--busy); background: var(--busy-soft); animation: pulse 1.4s ease-in-out infinite; } @keyframes pulse { 50% { box-shadow: 0 0 0 4px var(--busy-soft); } }
.steps .not-needed::before { width: .4rem; height: .4rem; left: .2rem; top: .2rem; border: 0; background: var(--line); }

.timeline { list-style: none; margin: .4rem 0 0; padding: 0; display: grid; grid-auto-flow: column; grid-auto-columns: minmax(0, 1fr); }
.timeline li { position: relative; padding: 1.5rem .5rem 0 0; display: grid; align-content: start; color: var(--dim); font-size: .88rem; overflow-wrap: anywhere; }
.timeline li::before { content: ''; position: absolute; z-index: 1; left: 0; top: 0; width: 1rem; height: 1rem; border-radius: 50%; border: 2px solid var(--line); background: var(--card); }
.timeline li::after { content: ''; position: absolute; left: 1rem; right: 0; top: calc(.5rem - 1px); height: 2px; background: var(--line); } .timeline li:last-child::after { display: none; }
.timeline b { color: var(--ink); font-size: .95rem; } .timeline .waiting b, .timeline .not-needed b { color: var(--dim); font-weight: 500; } .timeline small { font-variant-numeric: tabular-nums; }
.timeline .done::before, .timeline .allow::before { border-color: var(--good); background: var(--good); } .timeline .done::after, .timeline .allow::after { background: var(--good); }
.timeline .deny::before { border-color: var(--bad); background: var(--bad); } .timeline .quarantine::before { border-color: var(--warn); background: var(--warn); } .timeline .deny b { color: var(--bad); } .timeline .quarantine b { color: var(--warn); }

.toolbar { margin-left: auto; display: flex; flex-wrap: wrap; gap: .6rem; align-items: center; } .filters { display: flex; flex-wrap: wrap; gap: .25rem; }
.filters button { font: inherit; font-size: .86rem; color: var(--dim); background: none; border: 1px solid transparent; border-radius: 6px; padding: .2rem .6rem; cursor: pointer; white-space: nowrap; }
.filters button:hover { background: var(--soft); } .filters button[aria-pressed=true] { color: var(--ink); background: var(--soft); border-color: var(--line); } .filters b { font-weight: 600; font-variant-numeric: tabular-nums; margin-left: .15rem; }
.mark { display: inline-block; width: .55rem; height: .55rem; border-radius: 50%; margin-right: .4rem; background: var(--dim); } .mark.allow { background: var(--good); } .mark.deny { background: var(--bad); } .mark.quarantine { background: var(--warn); } .mark.progress { background: var(--busy); }
input[type=search] { font: inherit; font-size: .88rem; color: inherit; background: var(--paper); border: 1px solid var(--line); border-radius: 6px; padding: .25rem .7rem; width: 15rem; max-width: 100%; }
.empty { text-align: center; padding: 2.2rem 1rem 1.6rem; color: var(--dim); } .empty h3 { font-size: 1.05rem; color: var(--ink); margin: 0 0 .3rem; } .empty p { max-width: 34rem; margin: 0 auto .9rem; } .empty pre { display: inline-block; text-align: left; max-width: 100%; color: var(--ink); }
.nothing { margin: .6rem 0 0; } .bare .toolbar, .bare table, .bare .legend { display: none; }
.legend { margin: .9rem 0 0; padding-top: .7rem; border-top: 1px solid var(--line); color: var(--dim); font-size: .82rem; } .legend i { font-style: normal; opacity: .6; } .legend .mark { opacity: 1; } .legend span { margin-left: 1rem; white-space: nowrap; }

.feed { list-style: none; margin: 0; padding: 0; max-height: 26rem; overflow-y: auto; }
.feed li { position: relative; display: grid; grid-template-columns: 4.6rem 10.5rem minmax(0, 1fr); gap: .8rem; padding: .28rem 0 .28rem 1.1rem; font-size: .88rem; align-items: baseline; }
.feed li::before { content: ''; position: absolute; left: 0; top: .72rem; width: .5rem; height: .5rem; border-radius: 50%; background: var(--line); } .feed .good::before { background: var(--good); } .feed .bad::before { background: var(--bad); } .feed .gone::before { background: var(--warn); }
.feed time { color: var(--dim); font-variant-numeric: tabular-nums; } .subject { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; color: var(--ink); } .subject .digest, .subject .registry { color: var(--dim); } .subject .registry { font-size: .92em; }
.reasons { margin: 0; padding: 0; list-style: none; display: grid; gap: .3rem; } .reasons li { padding: .35rem .75rem; border-left: 3px solid var(--line); background: var(--soft); border-radius: 0 6px 6px 0; font-size: .92rem; overflow-wrap: anywhere; } .reasons.bad li { border-color: var(--bad); } .reasons.warned li { border-color: var(--warn); } h3.bad { color: var(--bad); } h3.warned { color: var(--warn); } h3:empty { display: none; }
dl { display: grid; grid-template-columns: minmax(6rem, max-content) minmax(0, 1fr); gap: .4rem 1.5rem; margin: 0; } dt { color: var(--dim); max-width: 22rem; overflow-wrap: anywhere; } dd { margin: 0; overflow-wrap: anywhere; }
details { margin-top: .8rem; } td details { margin-top: .15rem; font-size: .88rem; } summary { cursor: pointer; color: var(--dim); } details[open] > summary { margin-bottom: .5rem; } .plain, .ecosystems { list-style: none; margin: 0; padding: 0; } .ecosystems { columns: 12rem auto; }
@media (prefers-reduced-motion: reduce) { * { animation: none !important; } }
@media (max-width: 60rem) {
  main { padding: 1rem 1rem 2rem; gap: 1rem; } header { padding: 0 1rem; gap: .7rem; } nav { gap: 0; min-width: 0; overflow-x: auto; scrollbar-width: none; } .brand { flex: none; } nav a { padding: .3rem .5rem; } .card { padding: .9rem 1rem 1rem; border-radius: 8px; } .toolbar { margin-left: 0; width: 100%; } input[type=search] { width: 100%; }
  .stacked thead { display: none; } .stacked, .stacked tbody { display: block; } .stacked tr { display: block; padding: .8rem 0; border-bottom: 1px solid var(--line); } .stacked tr:last-child { border-bottom: 0; }
  .stacked td { display: grid; grid-template-columns: 7.2rem minmax(0, 1fr); gap: 0 .6rem; justify-items: start; border: 0; padding: .16rem 0 !important; text-align: left; max-width: none; } .stacked td.what { display: block; padding-bottom: .35rem !important; } .stacked td[data-label]::before { content: attr(data-label); color: var(--dim); font: .82rem/1.8 system-ui, sans-serif; } .stacked td > * { grid-column: 2; }
  #images tr { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: .35rem .8rem; align-items: start; } #images td, #images td.what { display: block; padding: 0 !important; } #images td.none { display: none; } #images td::before { content: none; } #images .what { grid-column: 1 / -1; }
  #images .stages { grid-area: 2 / 1; } #images .status { grid-area: 2 / 2; justify-self: end; } #images .found { grid-area: 3 / 1; } #images .number { grid-area: 3 / 2; color: var(--dim); font-size: .88rem; text-align: right; } #images .number::after { content: ' packages'; } #images .when { grid-area: 4 / 1 / auto / -1; }
  .timeline { grid-auto-flow: row; grid-template-columns: minmax(0, 1fr); } .timeline li { padding: 0 0 .9rem 1.8rem; grid-template-columns: 7rem minmax(0, 1fr) auto; gap: .6rem; } .timeline li::before { top: .2rem; } .timeline li::after { left: calc(.5rem - 1px); right: auto; width: 2px; height: auto; top: 1.2rem; bottom: -.2rem; }
  .feed li { grid-template-columns: auto 1fr; gap: 0 .6rem; } .feed .subject { grid-column: 1 / -1; } dl { grid-template-columns: minmax(0, 1fr); gap: 0; } dd { margin-bottom: .55rem; } .legend span { margin: 0 1rem 0 0; display: inline-block; }
}
@media (max-width: 26rem) { .brand { font-size: 0; gap: 0; } }
`;
