/* The files of html/ as they were when the program was built; see embed.S. NUL-terminated. */
#ifndef FDTRACE_OUT_HTML_H
#define FDTRACE_OUT_HTML_H

extern const char html_page[], html_style[], html_script[];

#endif
