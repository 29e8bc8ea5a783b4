// A process of MIB megabytes that writes RATE pages per second (random), reports its longest stall between writes and the mean ns per write burst.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
static double now(){struct timespec t;clock_gettime(CLOCK_MONOTONIC,&t);return t.tv_sec+t.tv_nsec/1e9;}
static double cpu(){struct timespec t;clock_gettime(CLOCK_THREAD_CPUTIME_ID,&t);return t.tv_sec+t.tv_nsec/1e9;}
int main(int c,char**v){
 size_t n=(size_t)atol(v[1])<<20; long rate=atol(v[2]); int secs=atoi(v[3]);
 char*m=mmap(0,n,PROT_READ|PROT_WRITE,MAP_PRIVATE|MAP_ANONYMOUS,-1,0); madvise(m,n,MADV_NOHUGEPAGE);
 memset(m,1,n); size_t pages=n>>12; unsigned long x=88172645463325252UL;
 printf("%d ready\n",getpid()); fflush(stdout);
 double t0=now(), c0=cpu(), worst=0; long w=0;
 while(now()-t0<secs){
   long due=(long)((now()-t0)*rate);
   double a=now();
   // one page mapped and unmapped per burst: what needs the write lock of the address space
   char*q=mmap(0,4096,PROT_READ|PROT_WRITE,MAP_PRIVATE|MAP_ANONYMOUS,-1,0); q[0]=1; munmap(q,4096);
   for(;w<due;w++){ x^=x<<13;x^=x>>7;x^=x<<17; m[(x%pages)<<12]++; }
   double d=now()-a; if(d>worst)worst=d;
   usleep(1000);
 }
 printf("writes %ld cpu %.3f s worst burst %.2f ms\n",w,cpu()-c0,worst*1e3);
}
