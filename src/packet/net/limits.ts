/** IP headers inside each other: the outer ones that the engine records, and the innermost. */
export const MAX_IP_DEPTH = 9;

/** Extension headers of one IPv6 packet; RFC 8504 lets receivers limit them, and real chains have at most four. */
export const MAX_EXTENSIONS = 16;
