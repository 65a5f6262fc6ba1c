/* System.Math and MathF as functions, for delegates over them: calls are compiled to the same functions in place. */
#include <math.h>

double ic_Math_Acos(double x) { return acos(x); }
double ic_Math_Acosh(double x) { return acosh(x); }
double ic_Math_Asin(double x) { return asin(x); }
double ic_Math_Asinh(double x) { return asinh(x); }
double ic_Math_Atan(double x) { return atan(x); }
double ic_Math_Atanh(double x) { return atanh(x); }
double ic_Math_Cbrt(double x) { return cbrt(x); }
double ic_Math_Ceiling(double x) { return ceil(x); }
double ic_Math_Cos(double x) { return cos(x); }
double ic_Math_Cosh(double x) { return cosh(x); }
double ic_Math_Exp(double x) { return exp(x); }
double ic_Math_Floor(double x) { return floor(x); }
double ic_Math_Log(double x) { return log(x); }
double ic_Math_Log10(double x) { return log10(x); }
double ic_Math_Log2(double x) { return log2(x); }
double ic_Math_Sin(double x) { return sin(x); }
double ic_Math_Sinh(double x) { return sinh(x); }
double ic_Math_Sqrt(double x) { return sqrt(x); }
double ic_Math_Tan(double x) { return tan(x); }
double ic_Math_Tanh(double x) { return tanh(x); }
double ic_Math_Atan2(double x, double y) { return atan2(x, y); }
double ic_Math_Pow(double x, double y) { return pow(x, y); }
double ic_Math_FusedMultiplyAdd(double x, double y, double z) { return fma(x, y, z); }
double ic_Math_ModF(double x, double *whole) { return modf(x, whole); }
void ic_Math_SinCos(double x, double *sine, double *cosine) {
    *sine = sin(x);
    *cosine = cos(x);
}
double ic_Math_Abs(double x) { return fabs(x); }
float ic_MathF_Acos(float x) { return acosf(x); }
float ic_MathF_Acosh(float x) { return acoshf(x); }
float ic_MathF_Asin(float x) { return asinf(x); }
float ic_MathF_Asinh(float x) { return asinhf(x); }
float ic_MathF_Atan(float x) { return atanf(x); }
float ic_MathF_Atanh(float x) { return atanhf(x); }
float ic_MathF_Cbrt(float x) { return cbrtf(x); }
float ic_MathF_Ceiling(float x) { return ceilf(x); }
float ic_MathF_Cos(float x) { return cosf(x); }
float ic_MathF_Cosh(float x) { return coshf(x); }
float ic_MathF_Exp(float x) { return expf(x); }
float ic_MathF_Floor(float x) { return floorf(x); }
float ic_MathF_Log(float x) { return logf(x); }
float ic_MathF_Log10(float x) { return log10f(x); }
float ic_MathF_Log2(float x) { return log2f(x); }
float ic_MathF_Sin(float x) { return sinf(x); }
float ic_MathF_Sinh(float x) { return sinhf(x); }
float ic_MathF_Sqrt(float x) { return sqrtf(x); }
float ic_MathF_Tan(float x) { return tanf(x); }
float ic_MathF_Tanh(float x) { return tanhf(x); }
float ic_MathF_Atan2(float x, float y) { return atan2f(x, y); }
float ic_MathF_Pow(float x, float y) { return powf(x, y); }
float ic_MathF_FusedMultiplyAdd(float x, float y, float z) { return fmaf(x, y, z); }
float ic_MathF_ModF(float x, float *whole) { return modff(x, whole); }
void ic_MathF_SinCos(float x, float *sine, float *cosine) {
    *sine = sinf(x);
    *cosine = cosf(x);
}
float ic_MathF_Abs(float x) { return fabsf(x); }
