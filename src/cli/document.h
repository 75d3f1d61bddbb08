/* document: the whole diagnosis in one file, in the forms that other tools read. One file per form, all given the same.
 * Ownership: nothing is kept; texts are made in the ctx's arena. Thread rule: the main thread only. */
#ifndef CLI_DOCUMENT_H
#define CLI_DOCUMENT_H

#include "cli/report.h"

struct document {
	struct strbuf *out;
	struct ctx *ctx;
	struct cluster *cluster;
	const struct diagnosis *diagnosis; /* its hypotheses are weighed */
	const struct scope_list *scopes;
	bool advice;                 /* checks that advise ran, too */
	const struct cause **causes; /* by a finding's id: its active cause, or NULL */
	const unsigned *ranks;       /* and that one's rank, from 1 */
};

void document_html(const struct document *d);
void document_markdown(const struct document *d);
void document_json(const struct document *d);
void document_sarif(const struct document *d);
void document_junit(const struct document *d);

/* The active cause that a finding belongs to; its rank (from 1) in *ret_rank. NULL: of no active cause. */
const struct cause *document_cause_of(const struct document *d, const struct finding *f, unsigned *ret_rank);

#endif
