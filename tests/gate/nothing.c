/* Opens nothing, closes nothing. */
int main(void)
{
    return 0;
}
