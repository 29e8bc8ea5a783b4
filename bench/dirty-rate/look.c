// clear_refs(1) then, INTERVAL later, smaps_rollup Referenced: what it costs and what it says.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>
static double now(){struct timespec t;clock_gettime(CLOCK_MONOTONIC,&t);return t.tv_sec+t.tv_nsec/1e9;}
static double cpu(){struct timespec t;clock_gettime(CLOCK_PROCESS_CPUTIME_ID,&t);return t.tv_sec+t.tv_nsec/1e9;}
int main(int c,char**v){ char p[64],b[4096]; int pid=atoi(v[1]); double iv=atof(v[2]); int rounds=atoi(v[3]);
 for(int i=0;i<rounds;i++){
  sprintf(p,"/proc/%d/clear_refs",pid); int f=open(p,O_WRONLY); double a=now(),ca=cpu(); if(write(f,"1",1)!=1)perror("w"); double t1=now()-a,c1=cpu()-ca; close(f);
  usleep(iv*1e6);
  sprintf(p,"/proc/%d/smaps_rollup",pid); f=open(p,O_RDONLY); a=now();ca=cpu(); int n=read(f,b,4095); double t2=now()-a,c2=cpu()-ca; close(f); b[n>0?n:0]=0;
  char*r=strstr(b,"Referenced:"); long kb=r?atol(r+11):-1;
  printf("clear %.2f ms (cpu %.2f) rollup %.2f ms (cpu %.2f) referenced %ld kB = %.0f pages/s\n",t1*1e3,c1*1e3,t2*1e3,c2*1e3,kb,kb/4/iv);
 } }
