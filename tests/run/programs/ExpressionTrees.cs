using System; using System.Linq; using System.Linq.Expressions;
class P { public string Name { get; set; } public int Age; public int Twice(int x) => x * 2; }
delegate bool TryIt(ref int x, string s);
static class Program { static void Main() {
  Expression<Func<int,int,int>> e = (a, b) => a * b + 1; Console.WriteLine(e + " " + e.Compile()(6, 7));
  Expression<Func<P,string>> n = p => p.Name + p.Age; Console.WriteLine(n.Compile()(new P { Name = "x", Age = 3 }) + " " + n.Body.NodeType);
  Expression<Func<P,int>> t = p => p.Twice(p.Age); Console.WriteLine(t.Compile()(new P { Age = 21 }));
  var pr = Expression.Parameter(typeof(double), "v"); var l = Expression.Lambda<Func<double,double>>(Expression.Negate(pr), pr); Console.WriteLine(l.Compile()(2.5));
  Expression<Action<string>> w = s => Console.WriteLine(s); w.Compile()("hi");
  Expression<Func<P>> mk = () => new P { Name = "made", Age = 9 }; Console.WriteLine(mk.Compile()().Name);
  Expression<Func<int, int?>> q = x => x > 1 ? x : (int?)null; Console.WriteLine(q.Compile()(5) + "|" + q.Compile()(0) + "|");
  var prop = (MemberExpression)((Expression<Func<P, string>>)(p => p.Name)).Body; Console.WriteLine(prop.Member.Name + prop.Member.DeclaringType);
  Func<DateTime, (int, string, long)> f = ((Expression<Func<DateTime, (int, string, long)>>)(d => new ValueTuple<int, string, long>(d.Year, "s", 5L))).Compile(); Console.WriteLine(f(new DateTime(2020,1,1)));
  var c = 5; Expression<Func<int, int>> cl = x => x + c; c = 6; Console.WriteLine(cl.Compile()(1));
} }
