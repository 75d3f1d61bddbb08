/* plan_report: a plan as text, JSON, Markdown and a drawing. Texts of a plan are the program's own, but for prices' currency and accepted ids.
 * Thread rule: the main thread only. */
#ifndef CLI_PLAN_REPORT_H
#define CLI_PLAN_REPORT_H

#include "cli/term.h"
#include "platform/plan.h"

void plan_report_text(struct term *t, const struct plan *p);
void plan_report_json(struct strbuf *out, const struct plan *p);
void plan_report_markdown(struct strbuf *out, const struct plan *p, struct arena *arena);
void plan_report_svg(struct strbuf *out, const struct plan *p, struct arena *arena);

#endif
