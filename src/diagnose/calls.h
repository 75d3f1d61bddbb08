/* Findings out of who calls whom: a NetworkPolicy that forbids a call, a Service port that nobody serves.
 *
 * Made after the log findings, since a log is what turns "may not" into "fails". Thread rule: one thread per check_run. */
#ifndef DIAGNOSE_CALLS_H
#define DIAGNOSE_CALLS_H

#include "diagnose/graph.h"

extern const struct check calls_check_blocked; /* networkpolicy/blocks-call */

/* Looks at every workload that names a Service, and at every log finding that names a peer or fails to look one up; tells the graph which
 * policy refuses what a log complains of (graph_refusing). Costs nothing where there are no policies. */
void calls_findings(struct check_run *run, struct graph *g);

#endif
