"""Run packs over the evidence: findings, exact coverage, builds, mitigations, pages asked for."""
