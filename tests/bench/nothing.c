/* A program that ends as soon as it has begun: what is left is start-up. */
int main(void)
{
    return 0;
}
