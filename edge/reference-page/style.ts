/** Dark or light as the reader's system is; one column, so that it reads on a phone. */
export const STYLE = `
:root{color-scheme:light dark;--line:light-dark(#ddd,#3a3a3a);--soft:light-dark(#f5f5f3,#1f1f1f);--dim:light-dark(#595959,#a6a6a6)}
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem}
a{color:light-dark(#0550ae,#79b8ff)}
:target{scroll-margin:1rem}
:focus-visible{outline:2px solid light-dark(#0550ae,#79b8ff);outline-offset:2px}
nav ul{columns:16rem;padding-left:1.2rem}
h2{margin-top:3rem;border-bottom:1px solid var(--line)}
h3{margin-top:2rem;overflow-wrap:anywhere}
code,pre{font:.875em/1.5 ui-monospace,monospace;background:var(--soft);border-radius:.2rem}
pre{overflow-x:auto;padding:.7rem;margin:0}
.try{display:flex;gap:.5rem;align-items:start;margin:.7rem 0}
.try pre{flex:1;min-width:0}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;margin:.7rem 0}
caption{text-align:left;font-weight:600}
th,td{text-align:left;vertical-align:top;padding:.25rem .7rem .25rem 0;border-bottom:1px solid var(--line)}
.dim{color:var(--dim)}
`
