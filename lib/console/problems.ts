import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { LadingError } from '../core/errors.ts';
import { html } from './pages/html.ts';
import { layout } from './pages/layout.ts';

/** RFC 9457; `title` is the error's code, and `hint` says how to mend it. */
interface Problem {
  readonly title: string;
  readonly status: ContentfulStatusCode;
  readonly detail: string;
  readonly hint?: string | undefined;
}

/** What is unknown is a 404, what else a caller can mend a 400; that the request is too large has its own code. */
function statusOf({ code }: LadingError): ContentfulStatusCode {
  if (code.endsWith('-unknown')) return 404;
  return code === 'request-too-large' ? 413 : 400;
}

export function answerProblem(context: Context, error: unknown): Response | Promise<Response> {
  if (error instanceof LadingError) {
    return answer(context, { title: error.code, status: statusOf(error), detail: error.message, hint: error.hint });
  }
  // What an unexpected error says may hold what the caller must not see; the log has it.
  console.error(error);
  return answer(context, { title: 'internal-error', status: 500, detail: 'the request failed; the log says why' });
}

export const answerNotFound = (context: Context): Response | Promise<Response> =>
  answer(context, { title: 'page-unknown', status: 404, detail: `there is nothing at ${context.req.path}` });

function answer(context: Context, problem: Problem): Response | Promise<Response> {
  const { title, status, detail, hint } = problem;
  if (context.req.path.startsWith('/api/')) {
    return context.json({ type: 'about:blank', ...problem }, status, { 'content-type': 'application/problem+json' });
  }
  const heading = status === 404 ? 'Not found' : status === 500 ? 'Something went wrong' : 'That cannot be answered';
  return context.html(
    layout(
      { title: heading },
      html`<section class="card"><div class="empty"><h3>${heading}</h3><p>${detail}</p>${hint ? html`<p>${hint}</p>` : ''}
  <p class="mono">${title}</p><p><a href="/">All images</a></p></div></section>`,
    ),
    status,
  );
}
