# Draws one plot of scripts/bench-peers.sh: cost, as times the bare program, against what grows.
# gnuplot -e "data='FILE'; picture='FILE.svg'; title='WHAT GROWS'; columns=N": the file's first line names the columns, the
# first of which is the bare program.
set terminal svg size 720,440 font 'sans,12' background '#ffffff'
set output picture
set title 'open + close: cost against the bare program'
set xlabel title
set ylabel 'times the bare program'
set logscale xy
set yrange [0.8:*]
set grid ytics
set key outside right
set datafile missing 'NaN'
plot for [i = 3:columns + 1] data using 1:i with linespoints linewidth 2 title columnheader(i)
