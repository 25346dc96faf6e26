/* The page of --format html lies in the program: a report is one file, and so is what makes it. */
    .macro embed name, file
    .globl \name
    .hidden \name
    .type \name, @object
\name:
    .incbin "\file"
    .byte 0
    .size \name, . - \name
    .endm

    .section .rodata
    embed html_page, "analyzer/out/html/page.html"
    embed html_style, "analyzer/out/html/style.css"
    embed html_script, "analyzer/out/html/script.js"

    .section .note.GNU-stack, "", @progbits
