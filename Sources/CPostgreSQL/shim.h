// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <libpq-fe.h>

/// The SQLSTATE of a result or a notice; NULL when it has none, as for a lost connection.
static inline const char *haven_pq_state(const PGresult *result) {
    return PQresultErrorField(result, PG_DIAG_SQLSTATE);
}

/// The severity of a notice, in English whatever the server's language.
static inline const char *haven_pq_severity(const PGresult *result) {
    return PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
}
